"""Evaluates a function in a pod of its image: takes a pod, looks whether it is well, and asks it over gRPC."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import grpc

from porch.errors import ServiceUnavailable, Timeout
from porch.function.catalog import Catalog
from porch.function.evaluator import METHOD, decode, encode
from porch.function.images import parse_image
from porch.function.runtimes.remote import METADATA_BYTES, go_name, sent_results
from porch.kube import Client
from porch.runner.pods.cluster import Cluster, Running
from porch.runner.pods.images import Registry
from porch.runner.pods.manifests import Wanted, pod_id
from porch.runner.pods.pool import Bounds, Pods
from porch.runner.pods.settings import PodSettings
from porch.runner.server import Answer, Refused
from porch.strategy.durations import duration_seconds
from porch.types.functionconfig import PodExecutor, TemplateOverrides

_ATTEMPTS = 3
_WARM_UP_SECONDS = 60.0


class PodEvaluator:
    """`Elsewhere` of the function runner. The catalog is asked for with each call, because FunctionConfigs change."""

    def __init__(self, client: Client, settings: PodSettings, catalog: Callable[[], Catalog]) -> None:
        self._settings, self._catalog = settings, catalog
        self._cluster = Cluster(client, settings)
        self._registry = Registry(settings.registry_auth)
        self._pods = Pods(self._start, self._remove)
        self._channels: dict[str, grpc.Channel] = {}
        self._lock = threading.Lock()

    def open(self, stopping: threading.Event) -> None:
        """Takes over what an earlier runner has left, warms up, and looks for idle pods until `stopping` is set."""
        for image, running in self._cluster.adopted():
            self._pods.adopt(image, running, self._bounds(self._executor(image)).ttl)
        if self._settings.warm_up:
            for image in self._catalog().warm_images():
                arguments = (image, self._bounds(self._executor(image)), _WARM_UP_SECONDS)
                threading.Thread(target=self._pods.warm, args=arguments, daemon=True).start()
        threading.Thread(target=self._sweep, args=(stopping,), daemon=True).start()

    def evaluate(self, image: str, data: bytes, seconds: float) -> Answer:
        """Raises Refused for what the function's pod says, Timeout and ServiceUnavailable when there is no pod."""
        until = time.monotonic() + seconds
        bounds = self._bounds(self._executor(image))
        for _ in range(_ATTEMPTS):
            with self._pods.taken(image, bounds, until) as running:
                if self._cluster.is_well(running):
                    return self._call(image, data, running, until)
            self._pods.drop(image, running)
        raise ServiceUnavailable(f"unable to get the grpc client to the pod for {image}: its pods do not stay")

    def close(self) -> None:
        """Pods stay, for the next runner."""
        self._registry.close()
        with self._lock:
            for channel in self._channels.values():
                channel.close()
            self._channels.clear()

    def _call(self, image: str, data: bytes, running: Running, until: float) -> Answer:
        call = self._channel(running.address).unary_unary(METHOD)
        try:
            seconds = max(0.001, until - time.monotonic())
            answer: bytes = call(encode(data, image.encode()), timeout=seconds, wait_for_ready=True)
        except grpc.RpcError as error:
            raise _refused(image, error) from error
        return Answer(*decode(answer))

    def _channel(self, address: str) -> grpc.Channel:
        with self._lock:
            if address not in self._channels:
                size = self._settings.message_bytes
                self._channels[address] = grpc.insecure_channel(
                    address,
                    options=[
                        ("grpc.max_send_message_length", size),
                        ("grpc.max_receive_message_length", size),
                        ("grpc.max_metadata_size", METADATA_BYTES),
                        ("grpc.enable_http_proxy", 0),
                    ],
                )
            return self._channels[address]

    def _start(self, image: str, number: int) -> Running:
        facts = self._registry.facts(image)
        overrides = self._executor(image).template_overrides or TemplateOverrides()
        return self._cluster.start(Wanted(pod_id(image, number, facts.digest), image, facts.command, overrides))

    def _remove(self, running: Running) -> None:
        with self._lock:
            channel = self._channels.pop(running.address, None)
        if channel is not None:
            channel.close()
        self._cluster.remove(running.identity)

    def _executor(self, image: str) -> PodExecutor:
        return self._catalog().pod(parse_image(image))

    def _bounds(self, executor: PodExecutor) -> Bounds:
        return Bounds(
            executor.preferred_max_queue_length or self._settings.max_waitlist,
            executor.max_parallel_executions or self._settings.max_pods,
            (duration_seconds(executor.time_to_live) or 0.0) or self._settings.ttl,
        )

    def _sweep(self, stopping: threading.Event) -> None:
        while not stopping.wait(self._settings.scan_interval):
            self._pods.sweep()


def _refused(image: str, error: Any) -> Exception:
    code, details = error.code(), error.details() or ""
    text = f"unable to evaluate {image} with pod evaluator: rpc error: code = {go_name(code.name)} desc = {details}"
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Timeout(text)
    if code is grpc.StatusCode.UNAVAILABLE:
        return ServiceUnavailable(text)
    return Refused(code, text, tuple(sent_results(error)))

"""A Kubernetes API with pods, and somebody who runs them on this machine.

The API is our own server's wire over a real store, with the kinds that pods need. `Kubelet` watches it like a node: for
each pod it starts what its container `function` starts, on a loopback address of the pod's own, and writes status and
endpoints. An image is a program on this machine.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn

from porch.apiserver.app import App
from porch.apiserver.discovery import Discovery
from porch.apiserver.health import Health
from porch.engine import WatcherManager
from porch.errors import Conflict, NotFound
from porch.kube import Client, Context
from porch.runner.pods.settings import CONTAINER, IMAGE_LABEL, PORT
from porch.store import Store
from porch.strategy.functionconfig import FunctionConfigStrategy
from porch.strategy.interface import Strategy
from porch.strategy.secret import SecretStrategy
from porch.types.core import NAMESPACE, SECRET
from porch.types.functionconfig import FUNCTION_CONFIG
from porch.types.kind import Kind
from porch.types.meta import Object
from tests.support.server import Lines
from tests.support.wire import Allowing, BearerNames, resource_of

NAMESPACE_NAME = "porch-fn-system"
_STATUS = (("status", ("get", "patch", "update")),)


class Pod(Object):
    spec: dict[str, Any] = {}
    status: dict[str, Any] = {}


class Service(Object):
    spec: dict[str, Any] = {}


class Template(Object):
    template: dict[str, Any] = {}


class EndpointSlice(Object):
    address_type: str = ""
    endpoints: list[dict[str, Any]] = []
    ports: list[dict[str, Any]] = []


POD = Kind("", "v1", "Pod", "pods", Pod, subresources=_STATUS)
_SERVICE = Kind("", "v1", "Service", "services", Service)
_POD_TEMPLATE = Kind("", "v1", "PodTemplate", "podtemplates", Template)
_SERVICE_TEMPLATE = Kind("config.porch.kpt.dev", "v1alpha1", "ServiceTemplate", "servicetemplates", Template)
_SLICE = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", EndpointSlice)


class Cluster:
    """Serves until the block ends. `client` may do everything."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        kinds = (POD, _SERVICE, _POD_TEMPLATE, _SERVICE_TEMPLATE, _SLICE)
        strategies = [
            *map(Strategy, (*kinds, NAMESPACE)),
            SecretStrategy(SECRET),
            FunctionConfigStrategy(FUNCTION_CONFIG),
        ]
        self._app = App(
            [resource_of(self._store, strategy) for strategy in strategies],
            WatcherManager(self._store),
            authenticator=BearerNames(),
            authorizer=Allowing(),
            documents=[Health({}, {}), Discovery(tuple(strategy.kind for strategy in strategies))],
            stopping=asyncio.Event(),
        )
        self._stack.callback(self._app.close)
        config = uvicorn.Config(self._app, port=0, lifespan="off", log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        sockets = [config.bind_socket()]
        sockets[0].listen()  # whoever comes before the server accepts is heard all the same
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        thread = threading.Thread(target=self._server.run, kwargs={"sockets": sockets})
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(lambda: setattr(self._server, "should_exit", True))
        self.client = self.connect()
        metadata = {"name": NAMESPACE_NAME}
        self.client.request("POST", "/api/v1/namespaces", {"metadata": metadata})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def connect(self) -> Client:
        client = Client(Context(self.url, token="admin"))
        self._stack.callback(client.close)
        return client

    def all(self, plural: str, group: str = "/api/v1") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.request("GET", f"{group}/namespaces/{NAMESPACE_NAME}/{plural}")[
            "items"
        ]
        return found

    def write_kubeconfig(self, path: Path) -> None:
        path.write_text(
            f"clusters: [{{name: c, cluster: {{server: '{self.url}'}}}}]\n"
            "users: [{name: u, user: {token: admin}}]\n"
            "contexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\n"
        )


class Kubelet:
    """Runs the pods of a cluster until the block ends. Its pods have the addresses 127.x.y.1, .2 and so on."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stopping = threading.Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        number = os.getpid()
        self._addresses = (f"127.{number >> 8 & 127 | 64}.{number & 255}.{last}" for last in itertools.count(1))
        self.holds = threading.Event()
        """While set, new pods are not started: there is no node for them."""
        self.refuses: Mapping[str, str] = {}
        """Images that cannot be run, with the reason."""

    def __enter__(self) -> Self:
        self._client = self._cluster.connect()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join()
        for name in list(self._running):
            self.kill(name)

    @property
    def names(self) -> list[str]:
        """The pods that run."""
        return [name for name, process in self._running.items() if process.poll() is None]

    def kill(self, name: str) -> None:
        process = self._running[name]
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

    def fail(self, name: str) -> None:
        """The pod's program ends, and the API hears of it."""
        self.kill(name)
        self._set_status(name, {"phase": "Failed"})

    def _work(self) -> None:
        while not self._stopping.wait(0.02):
            pods = {pod["metadata"]["name"]: pod for pod in self._cluster.all("pods")}
            for name in set(self._running) - set(pods):
                self.kill(name)
                del self._running[name]
            for name, pod in pods.items():
                if name not in self._running and not self.holds.is_set() and not pod.get("status"):
                    self._run(name, pod)

    def _run(self, name: str, pod: dict[str, Any]) -> None:
        container = next(item for item in pod["spec"]["containers"] if item["name"] == CONTAINER)
        if why := self.refuses.get(container["image"]):
            self._set_status(name, {"phase": "Failed", "message": why})
            return
        assert container["command"] == ["/wrapper-server-tools/wrapper-server"]
        address = next(self._addresses)
        command = [sys.executable, "-m", "porch", "function-wrapper", "--bind", address, *container["args"]]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert Lines(process.stdout).next() == f"serving on {address}:{PORT}"
        self._running[name] = process
        self._expose(pod["metadata"]["labels"][IMAGE_LABEL], address)
        ready = {"type": "Ready", "status": "True"}
        self._set_status(name, {"phase": "Running", "podIP": address, "conditions": [ready]})

    def _expose(self, identity: str, address: str) -> None:
        metadata = {"generateName": f"{identity}-", "labels": {"kubernetes.io/service-name": identity}}
        slices = {"metadata": metadata, "addressType": "IPv4", "endpoints": [{"addresses": [address]}]}
        path = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE_NAME}/endpointslices"
        self._client.request("POST", path, slices)

    def _set_status(self, name: str, status: dict[str, Any]) -> None:
        path = f"/api/v1/namespaces/{NAMESPACE_NAME}/pods/{name}"
        while True:
            try:
                pod = self._client.request("GET", path)
                self._client.request("PUT", f"{path}/status", {**pod, "status": status})
                return
            except Conflict:
                continue
            except NotFound:
                return

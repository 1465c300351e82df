"""Pods and Services through the Kubernetes API: make them, wait until they answer, look whether they are well, remove.

Plain requests and polling. Everything is in one namespace, and what this runner made is known by its label.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from porch.errors import AlreadyExists, NotFound, ServiceUnavailable
from porch.kube import Client
from porch.runner.pods import manifests
from porch.runner.pods.manifests import Manifest, Wanted
from porch.runner.pods.settings import (
    CONTAINER,
    IMAGE_LABEL,
    POD_TEMPLATE,
    PORT,
    SERVICE_TEMPLATE,
    VERSION_ANNOTATION,
    PodSettings,
)

_POLL = 0.1
_CONFIG = "/apis/config.porch.kpt.dev/v1alpha1"
_SLICES = "/apis/discovery.k8s.io/v1"
_MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Running:
    """A pod that answers. `address` is that of gRPC."""

    identity: str
    name: str
    ip: str
    address: str


class Cluster:
    def __init__(self, client: Client, settings: PodSettings) -> None:
        self._client, self._settings = client, settings
        self._core = f"/api/v1/namespaces/{settings.namespace}"
        self._config = f"{_CONFIG}/namespaces/{settings.namespace}"
        self._slices = f"{_SLICES}/namespaces/{settings.namespace}/endpointslices"

    def start(self, wanted: Wanted) -> Running:
        """A new pod with its Service, once it answers. Raises ServiceUnavailable."""
        self._remove_pods(wanted.identity)
        self._ensure_pull_secret()
        try:
            pod = manifests.pod(self._template(), wanted, self._settings)
        except ValueError as error:
            raise ServiceUnavailable(str(error)) from error
        made = self._client.request("POST", f"{self._core}/pods", pod)
        try:
            self._ensure_service(wanted.identity)
            return self._until_ready(wanted.identity, made["metadata"]["name"])
        except BaseException:
            self.remove(wanted.identity)
            raise

    def is_well(self, running: Running) -> bool:
        """Whether the pod is still there, as it was, with its Service."""
        try:
            found = self._client.request("GET", f"{self._core}/pods/{running.name}")
            self._client.request("GET", f"{self._core}/services/{running.identity}")
        except NotFound:
            return False
        return _is_ready(found) and found["status"].get("podIP") == running.ip

    def remove(self, identity: str) -> None:
        """Its pods and its Service."""
        self._remove_pods(identity)
        with suppress(NotFound):
            self._client.request("DELETE", f"{self._core}/services/{identity}")

    def adopted(self) -> Iterator[tuple[str, Running]]:
        """Image and pod of those that an earlier runner has made from the template as it is now."""
        version = self._template()["metadata"]["resourceVersion"]
        for pod in self._client.request("GET", f"{self._core}/pods", query={"labelSelector": IMAGE_LABEL})["items"]:
            metadata = pod["metadata"]
            if metadata.get("annotations", {}).get(VERSION_ANNOTATION) != version or not _is_ready(pod):
                continue
            identity = metadata["labels"][IMAGE_LABEL]
            image = next(item["image"] for item in pod["spec"]["containers"] if item["name"] == CONTAINER)
            yield image, self._running(identity, metadata["name"], pod["status"]["podIP"])

    def _until_ready(self, identity: str, name: str) -> Running:
        until = time.monotonic() + self._settings.start_timeout
        pod = self._poll(until, lambda: self._ready_pod(name))
        ip = pod["status"]["podIP"]
        if not self._settings.by_ip:
            self._poll(until, lambda: self._has_endpoint(identity, ip))
        return self._running(identity, name, ip)

    def _running(self, identity: str, name: str, ip: str) -> Running:
        host = ip if self._settings.by_ip else f"{identity}.{self._settings.namespace}.svc.cluster.local"
        return Running(identity, name, ip, f"{f'[{host}]' if ':' in host else host}:{PORT}")

    def _poll(self, until: float, ask: Callable[[], Any]) -> Any:
        while not (found := ask()):
            if time.monotonic() > until:
                raise self._late("timed out waiting for the condition")
            time.sleep(_POLL)
        return found

    def _late(self, why: str) -> ServiceUnavailable:
        return ServiceUnavailable(
            "error occurred when waiting the pod and service to be ready. If the error is caused by timeout, you may "
            f'want to examine the pod/service in namespace "{self._settings.namespace}". Error: {why}'
        )

    def _ready_pod(self, name: str) -> Manifest | None:
        pod: Manifest = self._client.request("GET", f"{self._core}/pods/{name}")
        if pod.get("status", {}).get("phase") == "Failed":
            raise self._late(f"pod {name} has failed: {pod['status'].get('message', '')}")
        return pod if _is_ready(pod) else None

    def _has_endpoint(self, identity: str, ip: str) -> bool:
        query = {"labelSelector": f"kubernetes.io/service-name={identity}"}
        slices = self._client.request("GET", self._slices, query=query)["items"]
        return any(ip in endpoint["addresses"] for item in slices for endpoint in item.get("endpoints") or ())

    def _remove_pods(self, identity: str) -> None:
        query = {"labelSelector": f"{IMAGE_LABEL}={identity}"}
        for pod in self._client.request("GET", f"{self._core}/pods", query=query)["items"]:
            if not pod["metadata"].get("deletionTimestamp"):
                with suppress(NotFound):
                    self._client.request("DELETE", f"{self._core}/pods/{pod['metadata']['name']}")

    def _template(self) -> Manifest:
        return self._ensure(f"{self._core}/podtemplates", POD_TEMPLATE, manifests.base_pod_template())

    def _ensure_service(self, identity: str) -> None:
        base = manifests.base_service_template()
        try:
            template = self._ensure(f"{self._config}/servicetemplates", SERVICE_TEMPLATE, base)
        except NotFound:  # the cluster does not know the kind
            template = base
        self._ensure(f"{self._core}/services", identity, manifests.service(template, identity))

    def _ensure(self, collection: str, name: str, wanted: Manifest) -> Manifest:
        """The object as it is; made when it is not there."""
        for _ in range(2):
            try:
                found: Manifest = self._client.request("GET", f"{collection}/{name}")
                return found
            except NotFound:
                with suppress(AlreadyExists):
                    made: Manifest = self._client.request("POST", collection, wanted)
                    return made
        raise ServiceUnavailable(f"cannot read {collection}/{name}")

    def _ensure_pull_secret(self) -> None:
        if not self._settings.registry_auth:
            return
        data = {".dockerconfigjson": base64.b64encode(self._settings.registry_auth.encode()).decode()}
        wanted = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self._settings.pull_secret},
            "type": "kubernetes.io/dockerconfigjson",
            "data": data,
        }
        found = self._ensure(f"{self._core}/secrets", self._settings.pull_secret, wanted)
        if found.get("data") != data:
            path = f"{self._core}/secrets/{self._settings.pull_secret}"
            self._client.request("PATCH", path, {"data": data}, content_type=_MERGE_PATCH)


def _is_ready(pod: Manifest) -> bool:
    status = pod.get("status", {})
    conditions = {item["type"]: item["status"] for item in status.get("conditions") or ()}
    terminating = bool(pod["metadata"].get("deletionTimestamp"))
    return not terminating and status.get("phase") == "Running" and conditions.get("Ready") == "True"

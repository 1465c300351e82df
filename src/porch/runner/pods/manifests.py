"""The objects that a function in a pod needs, as values: the Pod made from the template, and its Service."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from porch.function.images import parse_image
from porch.runner.pods.settings import (
    CONTAINER,
    IMAGE_LABEL,
    INIT_CONTAINER,
    POD_TEMPLATE,
    PORT,
    SERVICE_TEMPLATE,
    VERSION_ANNOTATION,
    PodSettings,
)
from porch.types.functionconfig import ContainerOverride, TemplateOverrides

_TOOLS = "/wrapper-server-tools"
_UNFIT = re.compile(r"[^a-z0-9-]+")
_MAX_NAME = 52
"""Room for what the server puts behind a generated name, within the 63 characters of a Service's name."""

Manifest = dict[str, Any]


def base_pod_template() -> Manifest:
    """What is made when the namespace has no template; whoever runs the cluster may change it."""
    probe = {"exec": {"command": [f"{_TOOLS}/grpc-health-probe", "-addr", f"localhost:{PORT}"]}}
    spec = {
        "initContainers": [
            {
                "name": INIT_CONTAINER,
                "image": "wrapper-server",
                "command": ["cp", "-a", "/home/nonroot/wrapper-server/.", _TOOLS],
                "volumeMounts": [{"name": "wrapper-server-tools", "mountPath": _TOOLS}],
            }
        ],
        "containers": [
            {
                "name": CONTAINER,
                "image": "function",
                "command": [f"{_TOOLS}/wrapper-server"],
                "env": [
                    {"name": "OTEL_METRICS_EXPORTER", "value": "prometheus"},
                    {"name": "OTEL_TRACES_EXPORTER", "value": "none"},
                    {"name": "OTEL_EXPORTER_PROMETHEUS_HOST", "value": "0.0.0.0"},  # noqa: S104 - in the pod
                ],
                "readinessProbe": probe,
                "volumeMounts": [{"name": "wrapper-server-tools", "mountPath": _TOOLS}],
            }
        ],
        "volumes": [{"name": "wrapper-server-tools", "emptyDir": {}}],
    }
    annotations = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}
    return {
        "apiVersion": "v1",
        "kind": "PodTemplate",
        "metadata": {"name": POD_TEMPLATE},
        "template": {"metadata": {"annotations": annotations}, "spec": spec},
    }


def base_service_template() -> Manifest:
    spec = {"type": "ClusterIP", "ports": [{"port": PORT, "protocol": "TCP", "targetPort": PORT}]}
    return {
        "apiVersion": "config.porch.kpt.dev/v1alpha1",
        "kind": "ServiceTemplate",
        "metadata": {"name": SERVICE_TEMPLATE},
        "template": {"metadata": {}, "spec": spec},
    }


def pod_id(image: str, number: int, digest: str) -> str:
    """Name of the Service, and label of the pod. `number` tells pods of one image apart."""
    parsed = parse_image(image)
    tag = parsed.tag.replace(".", "") if not parsed.digest else "digest"
    behind = f"-{_UNFIT.sub('-', tag.lower()).strip('-')}-{number}-{digest.removeprefix('sha256:')[:8]}"
    return _UNFIT.sub("-", parsed.name.replace("_", "-"))[: _MAX_NAME - len(behind)].strip("-") + behind


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pod that shall be: its identity, and what runs in it."""

    identity: str
    image: str
    command: Sequence[str]
    overrides: TemplateOverrides


def pod(template: Manifest, wanted: Wanted, settings: PodSettings) -> Manifest:
    """Raises ValueError for a template without a container for the function."""
    inner = copy.deepcopy(template["template"])
    metadata, spec = inner.get("metadata", {}), inner["spec"]
    function = next((item for item in spec.get("containers", []) if item["name"] == CONTAINER), None)
    if function is None:
        raise ValueError("failed to find the function container in the pod")
    spec["initContainers"] = spec.get("initContainers") or [{}]
    spec["initContainers"][0]["image"] = settings.wrapper_image
    function["image"] = wanted.image
    function["args"] = [
        *function.get("args", []),
        *("--port", str(PORT), "--max-request-body-size", str(settings.message_bytes), "--", *wanted.command),
    ]
    _override(spec, wanted.overrides)
    if settings.registry_auth and not wanted.image.startswith("gcr.io/kpt-fn/"):
        spec.setdefault("imagePullSecrets", []).append({"name": settings.pull_secret})
    metadata = {
        **metadata,
        "generateName": f"{wanted.identity}-",
        "labels": {**metadata.get("labels", {}), IMAGE_LABEL: wanted.identity},
        "annotations": {
            **metadata.get("annotations", {}),
            VERSION_ANNOTATION: template["metadata"]["resourceVersion"],
        },
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def service(template: Manifest, identity: str) -> Manifest:
    inner = copy.deepcopy(template["template"])
    metadata = {**inner.get("metadata", {}), "name": identity}
    spec = {**inner["spec"], "selector": {**inner["spec"].get("selector", {}), IMAGE_LABEL: identity}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _override(spec: Manifest, overrides: TemplateOverrides) -> None:
    if overrides.service_account_name:
        spec["serviceAccountName"] = overrides.service_account_name
    if overrides.security_context:
        spec["securityContext"] = overrides.security_context
    _override_container(spec["initContainers"][0], overrides.init_container)
    _override_container(spec["containers"][0], overrides.container)


def _override_container(container: Manifest, override: ContainerOverride | None) -> None:
    if override is None:
        return
    if override.resources:
        container["resources"] = {**container.get("resources", {}), **override.resources}
    if override.env_from:
        container["envFrom"] = override.env_from
    if override.env:
        container["env"] = override.env

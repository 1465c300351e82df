"""config.porch.kpt.dev/v1alpha1 FunctionConfig: where a function runs, by its image's name and tags."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from porch.types.base import Part, described
from porch.types.kind import CRUD, Kind
from porch.types.meta import Object

ANY_TAG = "*"


class ContainerOverride(Part):
    """Each field given replaces that of the container in the pod template."""

    resources: Annotated[dict[str, Any], described("requests and limits.")] = {}
    env_from: list[dict[str, Any]] = []
    env: list[dict[str, Any]] = []


class TemplateOverrides(Part):
    service_account_name: str = ""
    security_context: dict[str, Any] = {}
    init_container: ContainerOverride | None = None
    container: ContainerOverride | None = None


class PodExecutor(Part):
    tags: Annotated[list[str], described("Tags that run in pods, all when empty; the first one is warmed up.")] = []
    time_to_live: Annotated[str, described("How long an idle pod is kept, like 30m.")] = ""
    max_parallel_executions: Annotated[int, described("Most pods of one image.", format="int32")] = 0
    preferred_max_queue_length: Annotated[
        int, described("Calls that wait for a pod before another is started.", format="int32")
    ] = 0
    template_overrides: TemplateOverrides | None = None


class BinaryExecutor(Part):
    tags: Annotated[list[str], described("Tags that this executable stands for; `*` for all.")] = []
    path: Annotated[str, described("The executable, below the server's directory of functions.")] = ""


class GoExecutor(Part):
    """Upstream's word for what is built in. Ours are Python."""

    tags: Annotated[list[str], described("Tags that the built-in function stands for; `*` for all.")] = []
    id: Annotated[str, described("The built-in function; the name of the image when empty.")] = ""


class FunctionConfigSpec(Part):
    image: Annotated[str, described("Name of the image, without registry and tag.")] = ""
    prefixes: Annotated[
        list[str],
        described("Registries that the image may come from; an empty one is the default prefix."),
    ] = []
    pod_executor: PodExecutor | None = None
    binary_executor: BinaryExecutor | None = None
    go_executor: GoExecutor | None = None


class FunctionConfigStatus(Part):
    api_server_observed_generation: int = 0
    function_runner_observed_generation: int = 0
    controller_observed_generation: int = 0
    error: str = ""


class FunctionConfig(Object):
    spec: FunctionConfigSpec = msgspec.field(default_factory=FunctionConfigSpec)
    status: FunctionConfigStatus = msgspec.field(default_factory=FunctionConfigStatus)


FUNCTION_CONFIG = Kind(
    "config.porch.kpt.dev",
    "v1alpha1",
    "FunctionConfig",
    "functionconfigs",
    FunctionConfig,
    verbs=CRUD,
    subresources=(("status", ("get", "patch", "update")),),
)

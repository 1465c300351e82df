"""FunctionConfigs: what may be said about where a function runs.

The rule that upstream's CRD has as a CEL expression is reported as there: on the field `spec` of an "object".
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, ClassVar

from porch.errors import FieldError, invalid, required
from porch.strategy import numbers
from porch.strategy.durations import duration_seconds
from porch.strategy.interface import Column, Strategy
from porch.types.functionconfig import FunctionConfig, FunctionConfigSpec, FunctionConfigStatus, PodExecutor


class FunctionConfigStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name", format="name"),
        Column("Server Applied", "integer"),
        Column("FnRunner Applied", "integer"),
        Column("Controller Applied", "integer"),
    )
    must_name_version: ClassVar[bool] = True

    def prepare_for_create(self, obj: FunctionConfig) -> None:
        obj.metadata.generation = 1
        obj.status = FunctionConfigStatus()
        _set_defaults(obj.spec)

    def prepare_for_update(self, obj: FunctionConfig, old: FunctionConfig, subresource: str) -> None:
        if subresource == "status":
            obj.spec = old.spec
            return
        obj.status = old.status
        _set_defaults(obj.spec)

    def validate(self, obj: FunctionConfig) -> list[FieldError]:
        spec = obj.spec
        errors = _image_errors(spec.image)
        if not (spec.pod_executor or spec.binary_executor or spec.go_executor):
            errors.append(invalid("spec", "object", "At least one configuration must be specified"))
        if spec.go_executor:
            errors += _tag_errors("spec.goExecutor.tags", spec.go_executor.tags)
        if spec.binary_executor:
            errors += _tag_errors("spec.binaryExecutor.tags", spec.binary_executor.tags)
            errors += _path_errors("spec.binaryExecutor.path", spec.binary_executor.path)
        if spec.pod_executor:
            errors += _pod_errors(spec.pod_executor)
        return errors

    def desired_state_changed(self, obj: FunctionConfig, old: FunctionConfig) -> bool:
        return bool(obj.spec != old.spec)

    def cells(self, obj: FunctionConfig, age: str) -> list[Any]:  # noqa: ARG002 - upstream shows no age
        status = obj.status
        return [
            obj.metadata.name,
            status.api_server_observed_generation or None,
            status.function_runner_observed_generation or None,
            status.controller_observed_generation or None,
        ]


def _set_defaults(spec: FunctionConfigSpec) -> None:
    if spec.pod_executor and not spec.pod_executor.time_to_live:
        spec.pod_executor.time_to_live = "30m"


def _image_errors(image: str) -> list[FieldError]:
    if not image:
        return [required("spec.image", "the name of the image, like set-namespace")]
    if any(character in image for character in "/:@ "):
        return [invalid("spec.image", image, "must be the name alone; registries go into spec.prefixes")]
    return []


def _tag_errors(path: str, tags: list[str]) -> list[FieldError]:
    if not tags:
        return [required(path, "at least one tag, or `*` for all")]
    return [invalid(f"{path}[{place}]", tag, "must not be empty") for place, tag in enumerate(tags) if not tag]


def _path_errors(path: str, executable: str) -> list[FieldError]:
    if not executable:
        return [required(path)]
    if ".." in PurePosixPath(executable).parts or "\0" in executable:
        return [invalid(path, executable, "must lie below the server's directory of functions")]
    return []


def _pod_errors(pod: PodExecutor) -> list[FieldError]:
    path = "spec.podExecutor"
    errors = [
        *numbers.at_least(f"{path}.maxParallelExecutions", pod.max_parallel_executions, 0),
        *numbers.at_least(f"{path}.preferredMaxQueueLength", pod.preferred_max_queue_length, 0),
    ]
    if pod.time_to_live and duration_seconds(pod.time_to_live) is None:
        errors.append(invalid(f"{path}.timeToLive", pod.time_to_live, "must be a duration like 30m"))
    return errors

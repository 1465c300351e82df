"""What kubeconform and kubeval share: their configuration, which resources are checked, and the results.

Neither reaches a network or files of the server: schemas are those that we ship and those of CRDs in the package. So
a configuration that names other locations is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from porch.function.builtin._checking import file_of, is_for_clusters, plain_value, ref_of
from porch.function.builtin._schemas.kubernetes import custom_schemas, definitions, shipped_schema
from porch.function.builtin._schemas.problems import Problem, Step
from porch.function.builtin._schemas.validate import Schema, Validator
from porch.function.interface import FunctionFailed, ResourceList
from porch.function.results import ERROR, FieldRef, Result
from porch.kyaml import Node, text_of

_OWN_LOCATIONS = frozenset(("", "default", "/jsonschema", "file:///jsonschema"))
_FAILED = "failed to evaluate function: error: function failure"

Wording = Callable[[Problem], list[tuple[tuple[Step, ...], str]]]
"""A problem as messages, each with the place that it is told of."""


@dataclass(frozen=True, slots=True)
class Settings:
    strict: bool = False
    ignore_missing_schemas: bool = False
    skip_kinds: frozenset[str] = frozenset()


def check(resources: ResourceList, wording: Wording) -> None:
    """Adds a result for each message; raises FunctionFailed when there is any."""
    settings = _settings(resources)
    values = [plain_value(item) for item in resources.items]
    custom = custom_schemas(values)
    validator = Validator(definitions(), strict=settings.strict)
    for item, value in zip(resources.items, values, strict=True):
        if not _is_skipped(item, settings):
            resources.results += _results(item, value, _schema(item, custom), validator, settings, wording)
    if resources.results:
        raise FunctionFailed(_FAILED)


def _settings(resources: ResourceList) -> Settings:
    config = resources.config
    for key in ("schema_location", "additional_schema_locations"):
        for location in _setting(config, key).split(","):
            if location.strip() not in _OWN_LOCATIONS:
                text = (
                    f"{key} {location.strip()}: functions here reach no network and no files; leave it out to use the "
                    "schemas of Kubernetes and of the CustomResourceDefinitions in the package"
                )
                resources.results.append(Result(text, ERROR, field=FieldRef(f"data.{key}")))
                raise FunctionFailed(_FAILED)
    kinds = (kind.strip() for kind in _setting(config, "skip_kinds").split(","))
    return Settings(
        _flag(config, "strict"), _flag(config, "ignore_missing_schemas"), frozenset(kind for kind in kinds if kind)
    )


def _setting(config: Node | None, key: str) -> str:
    """At the top of the configuration, or in the data of a ConfigMap."""
    return (text_of(config, key) or text_of(config, "data", key)) if config is not None else ""


def _flag(config: Node | None, key: str) -> bool:
    return _setting(config, key).lower() in {"true", "1"}


def _is_skipped(item: Node, settings: Settings) -> bool:
    version, kind = text_of(item, "apiVersion"), text_of(item, "kind")
    return not is_for_clusters(item) or bool(settings.skip_kinds & {kind, f"{version}/{kind}"})


def _schema(item: Node, custom: dict[tuple[str, str], Schema]) -> Schema | None:
    version, kind = text_of(item, "apiVersion"), text_of(item, "kind")
    return custom.get((version, kind)) or shipped_schema(version, kind)


def _results(  # noqa: PLR0917 - one case for each kind
    item: Node, value: Any, schema: Schema | None, validator: Validator, settings: Settings, wording: Wording
) -> list[Result]:
    if value is None:
        return [_result(item, (), "the resource cannot be read: it has duplicate keys, or values that JSON lacks")]
    if schema is None:
        if settings.ignore_missing_schemas:
            return []
        kind = text_of(item, "kind")
        text = (
            "Validating arbitrary CRDs not supported. Consider setting ignore_missing_schemas or skip_kinds in "
            f"FunctionConfig:\ncould not find schema for {kind}"
        )
        return [_result(item, None, text)]
    problems = validator.problems(value, schema)
    return [_result(item, path, text) for problem in problems for path, text in wording(problem)]


def _result(item: Node, path: tuple[Step, ...] | None, message: str) -> Result:
    field = FieldRef(".".join(map(str, path))) if path else None
    return Result(message, ERROR, ref_of(item), field, file_of(item))

"""The two renderings of the same operations and schemas: OpenAPI 3, one document a group version, and OpenAPI 2.

kubectl reads `x-kubernetes-action`, `x-kubernetes-group-version-kind`, the parameters (in-line: it resolves no other
references) and the media types of patches. kube-aggregator merges the OpenAPI 2 document into the cluster's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from porch.apiserver.openapi.operations import ANSWER_TYPES, Operation, Parameter, operations
from porch.apiserver.openapi.schemas import V2, V3, schemas
from porch.types import Kind

_INFO = {"title": "Porch", "version": "unversioned"}
_SUCCESS = {200: "OK", 201: "Created", 202: "Accepted"}


def version_3(kinds: Sequence[Kind]) -> dict[str, Any]:
    """`kinds` are those of one group version."""
    return {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": _paths(kinds, _operation_3),
        "components": {"schemas": schemas(kinds, V3)},
    }


def version_2(kinds: Sequence[Kind]) -> dict[str, Any]:
    return {
        "swagger": "2.0",
        "info": _INFO,
        "paths": _paths(kinds, _operation_2),
        "definitions": schemas(kinds, V2),
    }


def _paths(kinds: Sequence[Kind], render: Callable[[Operation], dict[str, Any]]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations(kinds):
        paths.setdefault(operation.path, {})[operation.method] = render(operation)
    return dict(sorted(paths.items()))


def _common(operation: Operation) -> dict[str, Any]:
    kind = operation.kind
    return {
        "description": operation.description,
        "operationId": operation.id,
        "x-kubernetes-action": operation.action,
        "x-kubernetes-group-version-kind": {"group": kind.group, "kind": kind.name, "version": kind.version},
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    common = {"name": parameter.name, "in": parameter.where, "description": parameter.description}
    return common | ({"required": True} if parameter.where == "path" else {})


def _operation_3(operation: Operation) -> dict[str, Any]:
    rendered = _common(operation)
    rendered["parameters"] = [_parameter(p) | {"schema": {"type": p.type}} for p in operation.parameters]
    if operation.body:
        content = {media: {"schema": V3.refer(operation.body)} for media in operation.consumes}
        rendered["requestBody"] = {"content": content}
        if operation.body_required:
            rendered["requestBody"]["required"] = True
    answer = {media: {"schema": V3.refer(operation.answer)} for media in ANSWER_TYPES}
    rendered["responses"] = {str(code): {"description": _SUCCESS[code], "content": answer} for code in operation.codes}
    return rendered


def _operation_2(operation: Operation) -> dict[str, Any]:
    rendered = _common(operation) | {"consumes": list(operation.consumes), "produces": list(ANSWER_TYPES)}
    rendered["parameters"] = [_parameter(p) | {"type": p.type} for p in operation.parameters]
    if operation.body:
        body = {"name": "body", "in": "body", "schema": V2.refer(operation.body)}
        rendered["parameters"].append(body | ({"required": True} if operation.body_required else {}))
    answer = V2.refer(operation.answer)
    rendered["responses"] = {str(code): {"description": _SUCCESS[code], "schema": answer} for code in operation.codes}
    return rendered

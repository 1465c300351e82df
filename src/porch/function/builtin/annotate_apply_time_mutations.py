"""annotate-apply-time-mutations: tells the applier, in an annotation, which fields it must fill from other objects.

They are told by `ApplyTimeMutation` objects and by comments on fields:
`# apply-time-mutation: ${group/[version/]namespaces/NAMESPACE/KIND/NAME:$.path}`. A comment with more text than that is
a pattern: it becomes the field's value, with a token where the other value belongs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from porch.function.builtin._config import ConfigError, List, Struct, decode
from porch.function.builtin._framework import annotations_of, file_of, set_annotations, settle, value_of
from porch.function.builtin._go import quote
from porch.function.interface import ResourceList
from porch.function.results import ERROR, INFO, FieldRef, FileRef, ResourceRef, Result
from porch.krm.errors import YamlError
from porch.krm.write import dump
from porch.kyaml import Node, find, get, pairs, to_value

NAME = "annotate-apply-time-mutations"
SORTS = False
_ANNOTATION = "config.kubernetes.io/apply-time-mutation"
_MARK = "# apply-time-mutation: "
_SOURCE = re.compile(
    r"\$\{(?P<group>[^/]+)/(?:(?P<version>[^/]+)/)?namespaces/(?P<namespace>[^/]+)/(?P<kind>[^/]+)/(?P<name>[^:]+)"
    r":(?P<path>[^}]+)\}"
)
_SIMPLE = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9_-]*[a-zA-Z0-9])?")
_REFERENCE = Struct(
    "mutation.ResourceReference",
    {"kind": "string", "apiVersion": "string", "group": "string", "name": "string", "namespace": "string"},
)
_SUBSTITUTION = Struct(
    "mutation.FieldSubstitution",
    {"sourceRef": _REFERENCE, "sourcePath": "string", "targetPath": "string", "token": "string"},
)
_SPEC = Struct("pkg.ApplyTimeMutationSpec", {"targetRef": _REFERENCE, "substitutions": List(_SUBSTITUTION)})
_OBJECT = Struct("pkg.ApplyTimeMutation", {"spec": _SPEC})
_Substitutions = list[dict[str, Any]]


class _Target(NamedTuple):
    api_version: str
    group: str
    kind: str
    name: str
    namespace: str


def run(resources: ResourceList) -> None:
    items = [_Item(number, node) for number, node in enumerate(resources.items)]
    targets: dict[_Target, _Substitutions] = {}
    for item in items:
        resources.results += item.read_object(targets)
    for item in items:
        resources.results += item.apply_objects(targets)
    for item in items:
        resources.results += item.apply_comments()


class _Item:
    def __init__(self, number: int, node: Node) -> None:
        self.number = number
        self.node = node
        self.file: FileRef = file_of(annotations_of(node))
        metadata = ("name", "namespace")
        name, namespace = (value_of(find(node, "metadata", key)) for key in metadata)
        self.ref = ResourceRef(value_of(get(node, "apiVersion")), value_of(get(node, "kind")), name, namespace)

    def read_object(self, targets: dict[_Target, _Substitutions]) -> Iterator[Result]:
        if (self.ref.api_version, self.ref.kind) != ("fn.kpt.dev/v1alpha1", "ApplyTimeMutation"):
            return
        try:
            spec = decode(self.node, _OBJECT).get("spec", {})
        except ConfigError as error:
            problem = f"failed to parse ApplyTimeMutation object: error unmarshaling JSON: while decoding JSON: {error}"
            yield self.told(f"Error scanning object (item: {self.number}): {problem}", ERROR)
            return
        yield self.told(f"Found valid ApplyTimeMutation object (item: {self.number})")
        target = spec.get("targetRef", {})
        keys = ("apiVersion", "group", "kind", "name", "namespace")
        targets[_Target(*(target.get(key, "") for key in keys))] = [
            _whole(substitution) for substitution in spec.get("substitutions", [])
        ]

    def apply_objects(self, targets: dict[_Target, _Substitutions]) -> Iterator[Result]:
        ref = self.ref
        group = ref.api_version.rpartition("/")[0]
        for target in (
            _Target(ref.api_version, "", ref.kind, ref.name, ref.namespace),
            _Target("", group, ref.kind, ref.name, ref.namespace),
        ):
            if target in targets:
                yield self.write(targets[target])
                return

    def apply_comments(self) -> Iterator[Result]:
        scan = _Scan()
        try:
            scan.visit(self.node, "$")
        except _NoReference as error:
            yield self.told(f"Error scanning object (item: {self.number}): {error}", ERROR)
            return
        for found in scan.found:
            message = f"Found valid apply-time-mutation comment (item: {self.number}): {found.comment}"
            yield self.told(message, field=FieldRef(found.substitution["targetPath"], found.value))
        if scan.found:
            yield self.write([found.substitution for found in scan.found])

    def write(self, substitutions: _Substitutions) -> Result:
        if not substitutions:
            return self.told(f"Error writing annotation (item: {self.number}): mutation is empty", ERROR)
        set_annotations(self.node, annotations_of(self.node) | {_ANNOTATION: dump(substitutions)})
        return self.told(f"Wrote apply-time-mutation annotation (item: {self.number})")

    def told(self, message: str, severity: str = INFO, field: FieldRef | None = None) -> Result:
        return Result(message, severity, resource_ref=self.ref, field=field, file=self.file)


class _NoReference(Exception):
    """A comment has the mark, but names no object."""

    def __init__(self) -> None:
        super().__init__("apply mutation comment found with no valid reference to source path")


class _Found(NamedTuple):
    comment: str
    value: Any
    substitution: dict[str, Any]


class _Scan:
    """The comments of one object."""

    def __init__(self) -> None:
        self.found: list[_Found] = []

    def visit(self, node: Node, path: str) -> None:
        if node.kind == "mapping":
            for key, value in pairs(node):
                simple = _SIMPLE.fullmatch(key.value)
                self.visit(value, f"{path}.{key.value}" if simple else f"{path}[{quote(key.value)}]")
        elif node.kind == "sequence":
            for index, item in enumerate(node.content):
                self.visit(item, f"{path}[{index}]")
        elif node.kind == "scalar" and node.line.startswith(_MARK):
            self.take(node, path, node.line[len(_MARK) :].strip())

    def take(self, node: Node, path: str, pattern: str) -> None:
        source = _SOURCE.search(pattern)
        if source is None:
            raise _NoReference
        value = _json_of(node)
        token = ""
        if source[0] != pattern:
            token = f"${{ref{len(self.found)}}}"
            node.value = _SOURCE.sub(lambda _: token, pattern)
            settle(node)
        group, version = source["group"], source["version"]
        reference = {
            "apiVersion": f"{group}/{version}" if version else "",
            "group": "" if version else group,
            **{key: source[key] for key in ("kind", "name", "namespace")},
        }
        substitution = {
            "sourcePath": source["path"],
            "sourceRef": reference,
            "targetPath": path,
            "token": token,
        }
        self.found.append(_Found(node.line, value, _whole(substitution)))


def _json_of(node: Node) -> Any:
    try:
        return to_value(node)
    except YamlError:  # a number that JSON does not have
        return node.value


def _whole(substitution: dict[str, Any]) -> dict[str, Any]:
    """As it is written: fields sorted, those that are empty left out where Go leaves them out."""
    reference = substitution.get("sourceRef", {})
    whole = {
        "sourcePath": substitution.get("sourcePath", ""),
        "sourceRef": {
            key: reference.get(key, "")
            for key in ("apiVersion", "group", "kind", "name", "namespace")
            if key == "kind" or reference.get(key)
        },
        "targetPath": substitution.get("targetPath", ""),
        "token": substitution.get("token", ""),
    }
    return {key: value for key, value in whole.items() if key != "token" or value}

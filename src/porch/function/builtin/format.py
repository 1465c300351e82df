"""format: puts fields into kyaml's customary order and containers into that of their names, and quotes strings that
other readers would take for something else.

A render puts the fields back into the order that they had. What type a field has, the Go version reads from the schemas
of Kubernetes; here it is known by its name, where that says it.
"""

from __future__ import annotations

from porch.function.builtin._field_types import (
    LISTS_OF_STRINGS,
    MAPS_OF_STRINGS,
    NUMBERS_AND_BOOLEANS,
    ORDER,
    STRINGS,
)
from porch.function.builtin._framework import annotations_of, twice, value_of
from porch.function.builtin._scope import is_known_kind
from porch.function.builtin._yaml11 import reads_as_something_else
from porch.function.interface import ResourceList
from porch.krm.scalars import implied_tag
from porch.kyaml import Node, get, pairs

NAME = "format"
SORTS = False
_STRATEGY = "config.kubernetes.io/formatting"
_RANKS = {name: rank for rank, name in enumerate(ORDER)}
_SORTED_KINDS = {
    "CronJob",
    "DaemonSet",
    "Deployment",
    "Job",
    "ReplicaSet",
    "StatefulSet",
    "ValidatingWebhookConfiguration",
}
_SORTED_VERSIONS = {
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "batch/v1",
    "batch/v1beta1",
    "extensions/v1beta1",
    "v1",
    "admissionregistration.k8s.io/v1",
}
_SORTED_LISTS = {".spec.template.spec.containers": "name", ".webhooks.rules.operations": ""}


def run(resources: ResourceList) -> None:
    for item in resources.items:
        strategy = annotations_of(item).get(_STRATEGY, "standard")
        if strategy not in {"standard", "none"}:
            raise twice(f"failed to format resources: formatting annotation has illegal value {strategy}")
        version, kind = get(item, "apiVersion"), get(item, "kind")
        if strategy == "standard" and version is not None and kind is not None:
            _Formatter(value_of(version), value_of(kind)).format(item, "")


class _Formatter:
    def __init__(self, version: str, kind: str) -> None:
        self.sorts = kind in _SORTED_KINDS and version in _SORTED_VERSIONS
        self.typed = is_known_kind(version, kind)

    def format(self, node: Node, path: str) -> None:
        if node.kind == "mapping":
            fields = sorted(pairs(node), key=lambda pair: _rank(pair[0].value))
            node.content = [part for pair in fields for part in pair]
            in_map = path.rpartition(".")[2] in MAPS_OF_STRINGS
            for key, value in fields:
                if self.typed and not in_map:
                    _quote(key.value, value)
                self.format(value, f"{path}.{key.value}")
        elif node.kind == "sequence":
            if self.sorts and path in _SORTED_LISTS:
                field = _SORTED_LISTS[path]
                node.content.sort(key=lambda item: _sort_key(item, field))
            for item in node.content:
                self.format(item, path)


def _rank(name: str) -> tuple[int, str]:
    return (_RANKS[name], "") if name in _RANKS else (len(_RANKS), name)


def _sort_key(item: Node, field: str) -> str:
    found = get(item, field) if field else item
    return found.value if found is not None and found.kind == "scalar" else ""


def _quote(key: str, value: Node) -> None:
    """Quote what is a string by its field, and take the quotes off what is none."""
    if key in NUMBERS_AND_BOOLEANS:
        if value.style in {"single", "double"} and reads_as_something_else(value.value):
            value.style, value.tag = "", implied_tag(value.value)
        return
    strings: list[Node] = []
    if key in STRINGS:
        strings = [value]
    elif key in MAPS_OF_STRINGS and value.kind == "mapping":
        strings = value.content[1::2]
    elif key in LISTS_OF_STRINGS and value.kind == "sequence":
        strings = value.content
    for node in strings:
        plain = node.kind == "scalar" and node.style in {"", "literal", "folded"} and node.tag != "!!null"
        if plain and reads_as_something_else(node.value):
            node.style, node.tag = "double", "!!str"

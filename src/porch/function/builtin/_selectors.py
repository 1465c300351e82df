"""Which objects a selector of kustomize means: by group, version, kind, name and namespace, labels, annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from porch.function.builtin._sdk import FieldError
from porch.kyaml import Node, get, pairs, text_of

_REQUIREMENT = re.compile(
    r"""\s*(?: (?P<no>!) \s* (?P<absent>[^\s!=,()<>]+)
    | (?P<key>[^\s!=,()<>]+) \s* (?:
        (?P<is>=|==|!=|<|>) \s* (?P<value>[^\s!=,()<>]*)
      | \s (?P<in>in|notin) \s* \( (?P<values>[^()]*) \) )?
    )\s*(?:,|\Z)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Id:
    """An object's name, or what a selector asks of it; empty parts of a selector are not asked for."""

    group: str = ""
    version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""

    @classmethod
    def of(cls, node: Node) -> Id:
        group, slash, version = text_of(node, "apiVersion").partition("/")
        group, version = (group, version) if slash else ("", group)
        return cls(
            group,
            version,
            text_of(node, "kind"),
            text_of(node, "metadata", "name"),
            text_of(node, "metadata", "namespace"),
        )

    @classmethod
    def asked(cls, selector: Mapping[str, Any]) -> Id:
        return cls(*(selector.get(part, "") for part in ("group", "version", "kind", "name", "namespace")))

    def is_selected_by(self, asked: Id) -> bool:
        """Names are compared as they are; no namespace is `default`."""
        return (
            asked.name in {"", self.name}
            and (not asked.namespace or (asked.namespace or "default") == (self.namespace or "default"))
            and asked.group in {"", self.group}
            and asked.version in {"", self.version}
            and asked.kind in {"", self.kind}
        )

    def __str__(self) -> str:
        kind = f"{self.kind or '[noKind]'}.{self.version or '[noVer]'}.{self.group or '[noGrp]'}"
        return f"{kind}/{self.name or '[noName]'}.{self.namespace or '[noNs]'}"


def has_labels(node: Node, selector: str, field: str) -> bool:
    """Whether `field` of the metadata fits a label selector. Raises FieldError when that cannot be read."""
    if not selector:
        return True
    metadata = get(node, "metadata")
    found = get(metadata, field) if metadata is not None else None
    labels = {key.value: value.value for key, value in pairs(found)} if found is not None else {}
    return all(_fits(labels, *requirement) for requirement in _requirements(selector))


@lru_cache(maxsize=256)
def _requirements(selector: str) -> tuple[tuple[str, str, frozenset[str]], ...]:
    """Key, operator and values."""
    found = []
    at = 0
    while at < len(selector):
        if not (read := _REQUIREMENT.match(selector, at)):
            raise FieldError(f"unable to parse requirement: {selector[at:]}")
        if read["absent"]:
            found.append((read["absent"], "!", frozenset[str]()))
        elif read["in"]:
            found.append((read["key"], read["in"], frozenset(map(str.strip, read["values"].split(",")))))
        else:
            found.append((read["key"], read["is"] or "exists", frozenset({read["value"] or ""})))
        at = read.end()
    return tuple(found)


def _fits(labels: Mapping[str, str], key: str, operator: str, values: frozenset[str]) -> bool:
    match operator:
        case "exists":
            return key in labels
        case "!":
            return key not in labels
        case "=" | "==" | "in":
            return labels.get(key) in values
        case "!=" | "notin":
            return labels.get(key) not in values
    try:
        label, value = int(labels.get(key, "")), int(next(iter(values)))
    except ValueError:
        return False
    return label > value if operator == ">" else label < value

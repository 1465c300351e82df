"""The Kptfile at the root of a package: read strictly, read leniently, changed without touching anything else.

The strict form guards what is stored: whatever it accepts, upstream accepts. The lenient form is for revisions that
somebody else put into the repository: it takes what it understands and never fails. Changes are lossless edits and
return a new Kptfile; a change that means nothing returns the same bytes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from porch.krm import kptfile_fields as fields
from porch.krm.edit import Text
from porch.krm.errors import YamlError
from porch.krm.places import Path
from porch.krm.yaml import decode_text, documents, value_of
from porch.types.packagerevision import GitLock, Locator, PackageCondition

NAME = "Kptfile"
RENDERED = "Rendered"
STATUSES = ("True", "False", "Unknown")
MAX_BYTES = 1024 * 1024
MAX_NODES = 20_000
_GROUP, _VERSION = "kpt.dev", "v1"
_OLD_VERSIONS = ("kpt.dev/v1alpha1", "kpt.dev/v1alpha2")
_BOM = "\ufeff"
_CONDITIONS: Path = ("status", "conditions")
_Item: TypeAlias = dict[str, str]
_MANY = 10
"""More changes than these are made as one that rewrites the whole map or list: each one reads the file anew."""


@dataclass(frozen=True, slots=True)
class KptfileSummary:
    """What a package revision shows of its Kptfile."""

    name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    readiness_gates: tuple[str, ...] = ()
    conditions: tuple[PackageCondition, ...] = ()
    upstream_lock: Locator = field(default_factory=Locator)
    functions: tuple[str, ...] = ()
    """Image (or program) of each function of the pipeline, mutators first."""


def read_summary(data: bytes) -> KptfileSummary:
    """As much as can be understood; an empty summary of a broken Kptfile. Never raises."""
    try:
        roots = documents(decode_text(data[:MAX_BYTES]), max_nodes=MAX_NODES)
        return _summary(value_of(roots[0], texts=True)) if roots else KptfileSummary()
    except YamlError:
        return KptfileSummary()


class Kptfile:
    """A Kptfile that upstream would accept."""

    def __init__(self, text: Text, *, bom: bool) -> None:
        self._text = text
        self._bom = bom

    @classmethod
    def parse(cls, data: bytes) -> Kptfile:
        """Raises YamlError with upstream's sentence for whatever is wrong first."""
        if len(data) > MAX_BYTES:
            raise YamlError(f"a Kptfile must be no longer than {MAX_BYTES} bytes")
        text = Text(decode_text(data), wide=True, max_nodes=MAX_NODES)
        _check_version(text.value)
        for problem in fields.check(text.root):
            raise problem
        return cls(text, bom=data.startswith(_BOM.encode()))

    @cached_property
    def summary(self) -> KptfileSummary:
        return _summary(self._value)

    @cached_property
    def pipeline(self) -> Mapping[str, Any]:
        """As it is written, all scalars as their texts."""
        return _map(self._value, "pipeline")

    @cached_property
    def _value(self) -> Any:
        return value_of(self._text.root, texts=True)

    @property
    def data(self) -> bytes:
        return ((_BOM if self._bom else "") + self._text.text).encode()

    def with_metadata(
        self, labels: Mapping[str, str] | None, annotations: Mapping[str, str] | None, *, merge: bool
    ) -> Kptfile:
        """None leaves a map alone. With `merge` the given entries are added, otherwise the map becomes them."""
        text = copy.copy(self._text)
        for name, current, wanted in (
            ("labels", self.summary.labels, labels),
            ("annotations", self.summary.annotations, annotations),
        ):
            if wanted is not None:
                _set_map(text, ("metadata", name), current, {**current, **wanted} if merge else wanted)
        return Kptfile(text, bom=self._bom)

    def with_name(self, name: str) -> Kptfile:
        if name == self.summary.name:
            return self
        text = copy.copy(self._text)
        _set(text, ("metadata", "name"), name)
        return Kptfile(text, bom=self._bom)

    def with_upstream(self, lock: GitLock) -> Kptfile:
        """Says where the package's content comes from: where to look for more, and which commit it is of."""
        text = copy.copy(self._text)
        place = {key: value for key in ("repo", "directory", "ref") if (value := getattr(lock, key))}
        _become(text, ("upstream",), {"type": "git", "git": place})
        _become(text, ("upstreamLock",), {"type": "git", "git": place | {"commit": lock.commit}})
        return Kptfile(text, bom=self._bom)

    def with_readiness_gates(self, gates: Sequence[str]) -> Kptfile:
        """The gates become these; those that stay keep their place, new ones follow in the given order."""
        if tuple(gates) == self.summary.readiness_gates:
            return self
        text = copy.copy(self._text)
        current = [{"conditionType": gate} for gate in self.summary.readiness_gates]
        _set_list(text, ("info", "readinessGates"), current, [{"conditionType": gate} for gate in gates])
        return Kptfile(text, bom=self._bom)

    def with_conditions(self, conditions: Sequence[PackageCondition]) -> Kptfile:
        """The conditions become these, by type; those that stay keep their place, new ones follow."""
        if tuple(conditions) == self.summary.conditions:
            return self
        text = copy.copy(self._text)
        _set_list(text, _CONDITIONS, list(map(_as_value, self.summary.conditions)), list(map(_as_value, conditions)))
        return Kptfile(text, bom=self._bom)

    def with_rendered(self, condition: PackageCondition, render_status: Mapping[str, Any] | None = None) -> Kptfile:
        """Puts the verdict of a render: the Rendered condition, always the last one, and those of single functions.
        Without `render_status` those of an earlier render go.
        """
        text = copy.copy(self._text)
        if "status" not in text.value and render_status:  # as one edit, because each one reads the file anew
            status = {"conditions": [_as_value(condition)], "renderStatus": render_status}
            _set(text, ("status",), status)
            return Kptfile(text, bom=self._bom)
        types = [item.type for item in self.summary.conditions]
        if types[-1:] == [RENDERED] and types.count(RENDERED) == 1:
            _set_fields(text, (*_CONDITIONS, len(types) - 1), _as_value(condition))
        else:
            _remove_items(text, _CONDITIONS, [index for index, name in enumerate(types) if name == RENDERED])
            _append(text, _CONDITIONS, _as_value(condition))
        if render_status:
            _set(text, ("status", "renderStatus"), render_status)
        else:
            text.remove(("status", "renderStatus"))
        return Kptfile(text, bom=self._bom)

    def without_rendered(self) -> Kptfile:
        """Without the verdict of a render, for content that none has seen."""
        text = copy.copy(self._text)
        _remove_items(text, _CONDITIONS, self._rendered_places())
        if text.get(*_CONDITIONS) == []:
            text.remove(_CONDITIONS)
        text.remove(("status", "renderStatus"))
        if text.get("status") == {}:
            text.remove(("status",))
        return Kptfile(text, bom=self._bom)

    def without_origin(self) -> Kptfile:
        """To compare what two packages are: no upstream or render verdict, and all with the same name."""
        text = copy.copy(self.without_rendered()._text)  # noqa: SLF001 - one of ours
        _set(text, ("metadata", "name"), NAME)
        text.remove(("upstream",))
        text.remove(("upstreamLock",))
        return Kptfile(text, bom=self._bom)

    def _rendered_places(self) -> list[int]:
        return [index for index, item in enumerate(self.summary.conditions) if item.type == RENDERED]


def _check_version(value: Mapping[str, Any]) -> None:
    version, kind = str(value.get("apiVersion") or ""), str(value.get("kind") or "")
    if version in _OLD_VERSIONS and kind == NAME:
        raise YamlError(f'old resource version "{version.partition("/")[2]}" found in Kptfile')
    if (version, kind) != (f"{_GROUP}/{_VERSION}", NAME):
        raise YamlError(f'unknown resource type "{version}, Kind={kind}" found in Kptfile')


# --- reading


def _summary(value: Any) -> KptfileSummary:
    metadata, status, lock = _map(value, "metadata"), _map(value, "status"), _map(value, "upstreamLock")
    git = _map(lock, "git")
    locked = bool(git) and "git" in _map(value, "upstream")
    pipeline = _map(value, "pipeline")
    functions = [*_maps(pipeline, "mutators"), *_maps(pipeline, "validators")]
    return KptfileSummary(
        name=_text(metadata, "name"),
        labels=_texts(metadata, "labels"),
        annotations=_texts(metadata, "annotations"),
        readiness_gates=tuple(_text(gate, "conditionType") for gate in _maps(_map(value, "info"), "readinessGates")),
        conditions=tuple(_condition(item) for item in _maps(status, "conditions")),
        upstream_lock=_locator(lock, git) if locked else Locator(),
        functions=tuple(_text(function, "image") or _text(function, "exec") for function in functions),
    )


def _condition(item: Mapping[str, Any]) -> PackageCondition:
    status = _text(item, "status")
    return PackageCondition(
        type=_text(item, "type"),
        status=status if status in STATUSES else "Unknown",
        reason=_text(item, "reason"),
        message=_text(item, "message"),
    )


def _locator(lock: Mapping[str, Any], git: Mapping[str, Any]) -> Locator:
    return Locator(
        type=_text(lock, "type"),
        git=GitLock(
            repo=_text(git, "repo"),
            directory=_text(git, "directory"),
            ref=_text(git, "ref"),
            commit=_text(git, "commit"),
        ),
    )


def _map(value: Any, key: str) -> Mapping[str, Any]:
    item = value.get(key) if isinstance(value, dict) else None
    return item if isinstance(item, dict) else {}


def _maps(value: Any, key: str) -> list[Mapping[str, Any]]:
    """The items of a list, one for one; what is no mapping counts as an empty one."""
    items = value.get(key) if isinstance(value, dict) else None
    return [item if isinstance(item, dict) else {} for item in items] if isinstance(items, list) else []


def _text(value: Mapping[str, Any], key: str) -> str:
    item = value.get(key)
    return item if isinstance(item, str) else ""


def _texts(value: Mapping[str, Any], key: str) -> dict[str, str]:
    return {name: item if isinstance(item, str) else "" for name, item in _map(value, key).items()}


# --- changing


def _set_map(text: Text, path: Path, current: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    changed = [key for key in sorted(wanted) if current.get(key) != wanted[key]]
    gone = [key for key in current if key not in wanted]
    if not wanted and current:
        _remove(text, path)
    elif changed and (not current or len(changed) + len(gone) > _MANY):
        _set(text, path, dict(sorted(wanted.items())))
    else:
        for key in changed:
            _set(text, (*path, key), wanted[key], sorted({*current, *wanted}))
        for key in gone:
            text.remove((*path, key))


def _set_list(text: Text, path: Path, current: list[_Item], wanted: list[_Item]) -> None:
    """The first field of an item tells which one it is."""
    names = [_name(item) for item in current]
    targets = {_name(item): item for item in wanted}
    first = {name: index for index, name in reversed(list(enumerate(names))) if name in targets}
    kept = [targets[name] for name in sorted(first, key=lambda name: first[name])]
    added = [item for name, item in targets.items() if name not in first]
    if not targets:
        _remove(text, path)
    elif len(added) + sum(item not in current for item in kept) > _MANY:
        _set(text, path, kept + added)
    else:
        _remove_items(text, path, [index for index, name in enumerate(names) if first.get(name) != index])
        for index, item in enumerate(kept):
            _set_fields(text, (*path, index), item)
        for item in added:
            _append(text, path, item)


def _name(item: _Item) -> str:
    return next(iter(item.values()))


def _set_fields(text: Text, path: Path, item: _Item) -> None:
    for key in ("type", "status", "reason", "message", "conditionType"):
        if key in item:
            text.set((*path, key), item[key], fields.CONDITION_ORDER)
        else:
            text.remove((*path, key))


def _remove_items(text: Text, path: Path, indices: Sequence[int]) -> None:
    if len(indices) > _MANY:
        gone = set(indices)
        text.set(path, [item for index, item in enumerate(text.get(*path)) if index not in gone])
    else:
        for index in reversed(indices):
            text.remove((*path, index))


def _as_value(condition: PackageCondition) -> _Item:
    value = {"type": condition.type, "status": condition.status}
    if condition.reason:
        value["reason"] = condition.reason
    if condition.message:
        value["message"] = condition.message
    return value


def _append(text: Text, path: Path, item: _Item) -> None:
    items = text.get(*path)
    if isinstance(items, list):
        text.set((*path, len(items)), dict(item))
    else:
        _set(text, path, [dict(item)])


def _set(text: Text, path: Path, value: Any, order: Sequence[str] = ()) -> None:
    """Sets the value and makes the mappings above it that are missing. `order` is where keys are free."""
    while len(path) > 1 and not isinstance(text.get(*path[:-1]), dict):
        path, value = path[:-1], {path[-1]: value}
    text.set(path, value, fields.order(*map(str, path[:-1])) or order)


def _become(text: Text, path: Path, value: Any) -> None:
    """Sets the value, key by key where there are mappings already, so that comments stay."""
    current = text.get(*path)
    if not (isinstance(value, dict) and isinstance(current, dict) and current):
        _set(text, path, value)
        return
    for key in [key for key in current if key not in value]:
        text.remove((*path, key))
    for key, item in value.items():
        _become(text, (*path, key), item)


def _remove(text: Text, path: Path) -> None:
    """Removes the value, and the mapping that it leaves empty."""
    text.remove(path)
    if len(path) > 1 and text.get(*path[:-1]) == {}:
        text.remove(path[:-1])

"""One stored object served by two groups: a ResourceStorage of one shape over the storage of the other.

Nothing is kept twice: uid, resourceVersion and the log of changes are those of the inner storage. What comes in is
converted to its kind, what goes out back; field labels are translated. Rules of this shape alone are asked before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from porch.errors import BadRequest, Invalid
from porch.objects.interface import Call, Deleted, DeleteOptions, ListOptions, ListResult, ResourceStorage
from porch.store import StoredVersion
from porch.strategy.interface import Strategy
from porch.types.kind import Kind
from porch.types.selectors import Requirement, Selector


@dataclass(frozen=True, slots=True)
class Conversion:
    """`outward` makes an object of the outer kind of one of the inner, `inward` the reverse; both may share parts.
    `labels` are the field labels of the outer kind with those of the inner one.
    """

    outward: Callable[[Any], Any]
    inward: Callable[[Any], Any]
    labels: Mapping[str, str]


class Reshaped:
    """ResourceStorage of `strategy.kind`."""

    def __init__(self, inner: ResourceStorage, strategy: Strategy, conversion: Conversion) -> None:
        self._inner, self._strategy, self._conversion = inner, strategy, conversion

    @property
    def kind(self) -> Kind:
        return self._strategy.kind

    def shown(self, item: StoredVersion) -> StoredVersion:
        """A version of the inner storage, as this one would have stored it."""
        obj = self._conversion.outward(self._inner.kind.decode(item.version, item.tail))
        fields = {
            ours: item.fields[theirs] for ours, theirs in self._conversion.labels.items() if theirs in item.fields
        }
        return replace(item, tail=self.kind.encode_tail(obj), fields=fields)

    def resolve(self, namespace: str, name: str) -> str:
        return self._inner.resolve(namespace, name)

    def get(self, call: Call, namespace: str, name: str) -> StoredVersion:
        return self.shown(self._inner.get(call, namespace, name))

    def list(self, call: Call, options: ListOptions) -> ListResult:
        inner = replace(options, fields=self._translated(options.fields))
        result = self._inner.list(call, inner)
        page = replace(result.page, items=[self.shown(item) for item in result.page.items])
        return replace(result, page=page)

    def create(self, call: Call, namespace: str, obj: Any) -> StoredVersion:
        if errors := self._strategy.validate(obj):
            raise Invalid.of(self.kind.group, self.kind.name, obj.metadata.name, errors)
        return self.shown(self._inner.create(call, namespace, self._conversion.inward(obj)))

    def update(
        self, call: Call, namespace: str, name: str, change: Callable[[Any], Any], subresource: str = ""
    ) -> StoredVersion:
        def changed(current: Any) -> Any:
            old = self._conversion.outward(deepcopy(current))
            new = change(self._conversion.outward(current))
            if errors := self._strategy.validate_update(new, old):
                raise Invalid.of(self.kind.group, self.kind.name, name, errors)
            return self._conversion.inward(new)

        return self.shown(self._inner.update(call, namespace, name, changed, subresource))

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        deleted = self._inner.delete(call, namespace, name, options)
        return replace(deleted, item=self.shown(deleted.item))

    def _translated(self, fields: Selector) -> Selector:
        return Selector(tuple(self._requirement(requirement) for requirement in fields.requirements))

    def _requirement(self, requirement: Requirement) -> Requirement:
        if requirement.key.startswith("metadata."):
            return requirement
        label = self._conversion.labels.get(requirement.key)
        if label is None:
            raise BadRequest(f"field label not supported: {requirement.key}")
        return replace(requirement, key=label)

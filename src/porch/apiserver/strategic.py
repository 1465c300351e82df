"""Strategic merge patch: merge patch that knows which lists are maps or sets in disguise.

Lists whose type names a merge key are joined item by item, lists of scalars marked as sets are united, everything else
is replaced. Directives in the patch: `$patch` (replace, delete, merge), `$retainKeys`, `$setElementOrder/LIST` and
`$deleteFromPrimitiveList/LIST`. Pure functions on plain values; what the types say comes as `conform` nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from porch.apiserver.conform import Array, Dictionary, Node, Record
from porch.errors import BadRequest

_PATCH, _RETAIN = "$patch", "$retainKeys"
_ORDER, _DELETE = "$setElementOrder/", "$deleteFromPrimitiveList/"


def merge(value: Any, changes: dict[str, Any], node: Node | None) -> Any:
    """`changes` applied to `value`, whose type `node` describes. Raises BadRequest for a malformed patch."""
    directive = changes.get(_PATCH)
    if directive == "replace":
        return _clean({key: change for key, change in changes.items() if key != _PATCH})
    if directive == "delete":
        return {}
    # A tuple, because a client may send what no set can be asked for: a list or an object.
    if directive not in (None, "merge"):
        raise BadRequest(f"error decoding patch: unknown $patch directive {_show(directive)}")
    result = dict(value) if isinstance(value, dict) else {}
    for key, change in changes.items():
        if _is_directive(key):
            continue
        child = _child(node, key)
        if change is None:
            result.pop(key, None)
        elif isinstance(change, dict):
            result[key] = merge(result.get(key), change, child)
        elif isinstance(change, list):
            result[key] = _merge_list(result.get(key), change, child)
        else:
            result[key] = change
    return _directed(result, changes, node)


def _child(node: Node | None, key: str) -> Node | None:
    if isinstance(node, Record):
        return node.fields.get(key)
    return node.item if isinstance(node, Dictionary) else None


def _directed(result: dict[str, Any], changes: dict[str, Any], node: Node | None) -> dict[str, Any]:
    """The directives that stand beside a list or below an object. As in Kubernetes, a list is first joined, then put in
    order, then what is to go is taken out of it: wherever each stands in the patch.
    """
    for name, items, current in _beside(_ORDER, result, changes):
        result[name] = _ordered(current, items, _child(node, name))
    for name, items, current in _beside(_DELETE, result, changes):
        result[name] = [item for item in current if item not in items]
    if _RETAIN in changes:
        kept = _as_list(_RETAIN, changes[_RETAIN])
        result = {key: value for key, value in result.items() if key in kept}
    return result


def _beside(prefix: str, result: dict[str, Any], changes: dict[str, Any]) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """The lists that such directives are about: name, what the directive lists, and the list as it is."""
    for key, listed in changes.items():
        if key.startswith(prefix):
            name, items = key.removeprefix(prefix), _as_list(key, listed)
            current = result.get(name)
            if isinstance(current, list):
                yield name, items, current


def _as_list(directive: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadRequest(f"error decoding patch: {directive:.100} must be a list")
    return value


def _merge_list(current: Any, changes: list[Any], node: Node | None) -> list[Any]:
    items = current if isinstance(current, list) else []
    if isinstance(node, Array) and node.merge_set:
        return [*items, *(change for change in changes if change not in items)]
    if isinstance(node, Array) and node.merge_key:
        return _merge_keyed(items, changes, node)
    return [_clean(change) for change in changes]


def _merge_keyed(items: list[Any], changes: list[Any], node: Array) -> list[Any]:
    """Items with a directive are none themselves: they delete those of their key, or have the whole list replaced."""
    key = node.merge_key
    plain = [change for change in changes if _directive(change) is None]
    if any(_directive(change) == "replace" for change in changes):
        return [_clean(change) for change in plain]
    doomed = [_key_value(change, key) for change in changes if _directive(change) == "delete"]
    result = [item for item in items if not (isinstance(item, dict) and item.get(key) in doomed)]
    for change in plain:
        wanted = _key_value(change, key)
        matches = (at for at, item in enumerate(result) if isinstance(item, dict) and item.get(key) == wanted)
        place = next(matches, None)
        if place is None:
            result.append(merge({}, change, node.item))
        else:
            result[place] = merge(result[place], change, node.item)
    return result


def _directive(change: Any) -> str | None:
    """What an item of a list orders; None when it is just an item."""
    directive = change.get(_PATCH) if isinstance(change, dict) else None
    if directive not in (None, "delete", "replace"):
        raise BadRequest(f"error decoding patch: unknown $patch directive {_show(directive)} in an item of a list")
    return directive


def _key_value(change: Any, key: str) -> Any:
    if not isinstance(change, dict) or change.get(key) is None:
        raise BadRequest(f"map: {_show(change)} does not contain declared merge key: {key}")
    return change[key]


def _ordered(items: list[Any], order: list[Any], node: Node | None) -> list[Any]:
    """Items in the given order; those that it does not name keep their place behind their old neighbour."""
    key = node.merge_key if isinstance(node, Array) else ""
    wanted = [_identity(item, key) for item in order]
    groups: dict[Any, list[Any]] = {}
    anchor: Any = None
    for item in items:
        identity = _identity(item, key)
        if identity in wanted:
            anchor = identity
            groups.setdefault(anchor, []).insert(0, item)
        else:
            groups.setdefault(anchor, []).append(item)
    return [item for identity in (None, *dict.fromkeys(wanted)) for item in groups.get(identity, ())]


def _identity(item: Any, key: str) -> str:
    return _show(item.get(key) if key and isinstance(item, dict) else item)


def _clean(value: Any) -> Any:
    """A new value of the patch, without directives and nulls in objects."""
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items() if item is not None and not _is_directive(key)}
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _is_directive(key: str) -> bool:
    return key in {_PATCH, _RETAIN} or key.startswith((_ORDER, _DELETE))


def _show(value: Any) -> str:
    return msgspec.json.encode(value).decode()[:253]

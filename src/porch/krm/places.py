"""Places in a JSON value: a path of keys and list indices, and what lies there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


def has(value: Any, path: Path) -> bool:
    try:
        _walk(value, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def at(value: Any, path: Path) -> Any:
    """What lies at `path`, None when nothing does."""
    return _walk(value, path) if has(value, path) else None


def put(value: Any, path: Path, item: Any, order: Sequence[str] = ()) -> None:
    """Sets the item at `path`, whose parent exists, in place. See `position` for new keys."""
    parent, last = _walk(value, path[:-1]), path[-1]
    if isinstance(parent, list):
        parent[int(last) : int(last) + 1] = [item]
    elif last in parent:
        parent[last] = item
    else:
        pairs = list(parent.items())
        pairs.insert(position(list(parent), str(last), order), (str(last), item))
        parent.clear()
        parent.update(pairs)


def position(keys: Sequence[str], name: str, order: Sequence[str]) -> int:
    """Before which of `keys` a new one goes: the first that `order` names later, else at the end."""
    later = set(order[order.index(name) + 1 :]) if name in order else set()
    return next((index for index, key in enumerate(keys) if key in later), len(keys))


def equal(value: Any, other: Any) -> bool:
    """With booleans and numbers apart; the order of keys does not matter."""
    return json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)


def _walk(value: Any, path: Path) -> Any:
    """Raises KeyError, IndexError or TypeError when nothing is there."""
    for part in path:
        if isinstance(value, str):
            raise TypeError(part)
        value = value[part]
    return value

"""The methods of lists, dicts and sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from porch.function.builtin.starlark.arguments import anything, integer, iterable, positional
from porch.function.builtin.starlark.arithmetic import bit_and, bit_xor, contains, subtract
from porch.function.builtin.starlark.calls import Method, out_of_range
from porch.function.builtin.starlark.compare import equal
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.strings import bounds
from porch.function.builtin.starlark.values import (
    Anything,
    Arguments,
    Keywords,
    StarlarkSet,
    items_of,
    key_of,
    keys_of,
    length_of,
    listed,
    must_be_still,
    type_name,
)


def _named(name: str, method: Method) -> Method:
    """Errors begin with the method's name."""

    def wrapped(of: Any, arguments: Arguments, keywords: Keywords) -> Anything:
        try:
            return method(of, arguments, keywords)
        except StarlarkError as error:
            if str(error).startswith(f"{name}: "):
                raise
            raise StarlarkError(f"{name}: {error}") from None

    return wrapped


# Lists


def _append(of: list[Anything], arguments: Arguments, keywords: Keywords) -> None:
    if len(arguments) != 1 or keywords:
        positional("append", arguments, keywords, 1, anything)
    must_be_still(of, "append to")
    of.append(arguments[0])


def _list_clear(of: list[Anything], arguments: Arguments, keywords: Keywords) -> None:
    positional("clear", arguments, keywords, 0)
    must_be_still(of, "clear")
    of.clear()


def _extend(of: list[Anything], arguments: Arguments, keywords: Keywords) -> None:
    (more,) = positional("extend", arguments, keywords, 1, iterable)
    must_be_still(of, "extend")
    of.extend(more)


def _list_index(of: list[Anything], arguments: Arguments, keywords: Keywords) -> int:
    value, start, end = positional("index", arguments, keywords, 1, anything, anything, anything)
    low, high = bounds(start, end, len(of))
    for at in range(low, high):
        if equal(of[at], value):
            return at
    raise StarlarkError("value not in list")


def _insert(of: list[Anything], arguments: Arguments, keywords: Keywords) -> None:
    at, value = positional("insert", arguments, keywords, 2, integer, anything)
    must_be_still(of, "insert into")
    of.insert(at, value)


def _list_pop(of: list[Anything], arguments: Arguments, keywords: Keywords) -> Anything:
    (given,) = positional("pop", arguments, keywords, 0, integer)
    at = len(of) - 1 if given is None else given
    if not -len(of) <= at < len(of) or not of:
        raise out_of_range(at, of, len(of))
    must_be_still(of, "pop from")
    return of.pop(at)


def _list_remove(of: list[Anything], arguments: Arguments, keywords: Keywords) -> None:
    (value,) = positional("remove", arguments, keywords, 1, anything)
    must_be_still(of, "remove from")
    for at, item in enumerate(of):
        if equal(item, value):
            del of[at]
            return
    raise StarlarkError("element not found")


# Dicts


def _dict_clear(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> None:
    positional("clear", arguments, keywords, 0)
    must_be_still(of, "clear")
    of.clear()


def _get(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> Anything:
    key, default = positional("get", arguments, keywords, 1, anything, anything)
    return of.get(key if type(key) is str else key_of(key), default)


def _items(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> Anything:
    positional("items", arguments, keywords, 0)
    return items_of(of)


def _keys(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> Anything:
    positional("keys", arguments, keywords, 0)
    return keys_of(of)


def _values(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> Anything:
    positional("values", arguments, keywords, 0)
    return list(of.values())


def _dict_pop(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> Anything:
    key, default = positional("pop", arguments, keywords, 1, anything, anything)
    must_be_still(of, "delete from")
    key = key_of(key)
    if key in of:
        return of.pop(key)
    if len(arguments) > 1:
        return default
    raise StarlarkError("missing key")


def _popitem(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> Anything:
    positional("popitem", arguments, keywords, 0)
    if not of:
        raise StarlarkError("empty dict")
    must_be_still(of, "delete from")
    key, value = items_of({next(iter(of)): of[next(iter(of))]})[0]
    del of[next(iter(of))]
    return (key, value)


def _setdefault(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> Anything:
    key, default = positional("setdefault", arguments, keywords, 1, anything, anything)
    key = key_of(key)
    if key not in of:
        must_be_still(of, "insert into")
        of[key] = default
    return of[key]


def _dict_update(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> None:
    if len(arguments) > 1:
        raise StarlarkError(f"update: got {len(arguments)} arguments, want at most 1")
    update_dict(of, arguments, keywords)


def update_dict(of: dict[Anything, Anything], arguments: Arguments, keywords: Keywords) -> None:
    """Take over the entries of a dict or of pairs, then keywords."""
    must_be_still(of, "insert into")
    for more in arguments:
        if type(more) is dict:
            of.update(more)
            continue
        pairs = listed(more)
        if pairs is None:
            raise StarlarkError(f"got {type_name(more)}, want iterable")
        for at, pair in enumerate(pairs):
            key, value = _pair(at, pair)
            of[key_of(key)] = value
    of.update(keywords)


def _pair(at: int, pair: Anything) -> list[Anything]:
    what = f"dictionary update sequence element #{at}"
    items = listed(pair)
    if items is None:
        raise StarlarkError(f"{what} is not iterable ({type_name(pair)})")
    length = length_of(pair)
    if length < 0:
        raise StarlarkError(f"{what} has unknown length ({type_name(pair)})")
    if length != 2:
        raise StarlarkError(f"{what} has length {length}, want 2")
    return list(items)


# Sets


def _add(of: StarlarkSet, arguments: Arguments, keywords: Keywords) -> None:
    (element,) = positional("add", arguments, keywords, 1, anything)
    must_be_still(of.table, "insert into")
    of.table[key_of(element)] = None


def _set_clear(of: StarlarkSet, arguments: Arguments, keywords: Keywords) -> None:
    positional("clear", arguments, keywords, 0)
    if of.table:
        must_be_still(of.table, "clear")
        of.table.clear()


def _discard(of: StarlarkSet, arguments: Arguments, keywords: Keywords) -> None:
    (element,) = positional("discard", arguments, keywords, 1, anything)
    must_be_still(of.table, "delete from")
    of.table.pop(key_of(element), None)


def _set_remove(of: StarlarkSet, arguments: Arguments, keywords: Keywords) -> None:
    (element,) = positional("remove", arguments, keywords, 1, anything)
    must_be_still(of.table, "delete from")
    if key_of(element) not in of.table:
        raise StarlarkError("missing key")
    del of.table[key_of(element)]


def _set_pop(of: StarlarkSet, arguments: Arguments, keywords: Keywords) -> Anything:
    positional("pop", arguments, keywords, 0)
    if not of.table:
        raise StarlarkError("empty set")
    must_be_still(of.table, "delete from")
    first = next(iter(of))
    del of.table[key_of(first)]
    return first


def _with_other(name: str, operation: Callable[[StarlarkSet, StarlarkSet], Anything]) -> Method:
    def method(of: StarlarkSet, arguments: Arguments, keywords: Keywords) -> Anything:
        (other,) = positional(name, arguments, keywords, 1, iterable)
        return operation(of, StarlarkSet(other))

    return method


def _others(arguments: Arguments, keywords: Keywords) -> list[Anything]:
    if keywords:
        raise StarlarkError("does not accept keyword arguments")
    elements: list[Anything] = []
    for at, argument in enumerate(arguments, 1):
        items = listed(argument)
        if items is None:
            raise StarlarkError(f"argument #{at} is not iterable: {type_name(argument)}")
        elements.extend(items)
    return elements


def _union(of: StarlarkSet, arguments: Arguments, keywords: Keywords) -> Anything:
    return StarlarkSet((*of, *_others(arguments, keywords)))


def _set_update(of: StarlarkSet, arguments: Arguments, keywords: Keywords) -> None:
    elements = _others(arguments, keywords)
    must_be_still(of.table, "insert into")
    of.table.update((key_of(element), None) for element in elements)


def _all_named(methods: dict[str, Method]) -> dict[str, Method]:
    return {name: _named(name, method) for name, method in methods.items()}


LIST_METHODS = _all_named(
    {
        "append": _append,
        "clear": _list_clear,
        "extend": _extend,
        "index": _list_index,
        "insert": _insert,
        "pop": _list_pop,
        "remove": _list_remove,
    }
)
DICT_METHODS = _all_named(
    {
        "get": _get,
        "items": _items,
        "keys": _keys,
        "pop": _dict_pop,
        "popitem": _popitem,
        "setdefault": _setdefault,
        "update": _dict_update,
        "values": _values,
    }
) | {"clear": _dict_clear}
SET_METHODS = _all_named(
    {
        "add": _add,
        "clear": _set_clear,
        "difference": _with_other("difference", subtract),
        "discard": _discard,
        "intersection": _with_other("intersection", bit_and),
        "issubset": _with_other("issubset", lambda of, other: all(contains(each, other) for each in of)),
        "issuperset": _with_other("issuperset", lambda of, other: all(contains(each, of) for each in other)),
        "pop": _set_pop,
        "remove": _set_remove,
        "symmetric_difference": _with_other("symmetric_difference", bit_xor),
        "union": _union,
        "update": _set_update,
    }
)

"""What every script can use without loading it: `len`, `sorted`, `fail` and so on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from porch.function.builtin.starlark.arguments import (
    anything,
    callable_value,
    flag,
    integer,
    iterable,
    named,
    plain,
    positional,
    text,
)
from porch.function.builtin.starlark.calls import (
    METHODS,
    attribute_names,
    call,
    find_attribute,
    int32,
    number_to_int,
)
from porch.function.builtin.starlark.compare import greater, less
from porch.function.builtin.starlark.containers import DICT_METHODS, LIST_METHODS, SET_METHODS, update_dict
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.numbers import as_float, bounded
from porch.function.builtin.starlark.strings import BYTES_METHODS, STRING_METHODS
from porch.function.builtin.starlark.values import (
    Anything,
    Arguments,
    Builtin,
    Keywords,
    StarlarkSet,
    decoded,
    encoded,
    length_of,
    listed,
    printed,
    text_of,
    type_name,
)

METHODS.update(
    {str: STRING_METHODS, bytes: BYTES_METHODS, list: LIST_METHODS, dict: DICT_METHODS, StarlarkSet: SET_METHODS}
)
_MOST_DIGITS = 4200
_NO_CHARACTER = re.compile("[\udc80-\udcff]")


def _abs(arguments: Arguments, keywords: Keywords) -> Anything:
    (value,) = positional("abs", arguments, keywords, 1, anything)
    if type(value) not in {int, float}:
        raise StarlarkError(f"got {type_name(value)}, want int or float")
    return abs(value)


def _all(arguments: Arguments, keywords: Keywords) -> Anything:
    return all(positional("all", arguments, keywords, 1, iterable)[0])


def _any(arguments: Arguments, keywords: Keywords) -> Anything:
    return any(positional("any", arguments, keywords, 1, iterable)[0])


def _bool(arguments: Arguments, keywords: Keywords) -> Anything:
    return bool(positional("bool", arguments, keywords, 0, anything)[0])


def _bytes(arguments: Arguments, keywords: Keywords) -> Anything:
    value = plain("bytes", arguments, keywords, "exactly 1")
    if type(value) is bytes:
        return value
    if type(value) is str:
        return encoded(_valid(value))
    items = listed(value)
    if items is None:
        raise StarlarkError(f"bytes: got {type_name(value)}, want string, bytes, or iterable of ints")
    made = bytearray()
    for at, item in enumerate(items):
        if type(item) is not int:
            raise StarlarkError(f"bytes: at index {at}, got {type_name(item)}, want int")
        if not 0 <= item < 256:
            raise StarlarkError(f"bytes: at index {at}, {item} out of range (want value in unsigned 8-bit range)")
        made.append(item)
    return bytes(made)


def _valid(value: str) -> str:
    """What is no character becomes the replacement character."""
    return value if value.isascii() else _NO_CHARACTER.sub("\ufffd", value)


def _chr(arguments: Arguments, keywords: Keywords) -> Anything:
    value = plain("chr", arguments, keywords)
    try:
        number = int32(value)
    except StarlarkError as error:
        raise StarlarkError(f"chr: {error}") from None
    if number < 0:
        raise StarlarkError(f"chr: Unicode code point {number} out of range (<0)")
    if number > 0x10FFFF:
        raise StarlarkError(f"chr: Unicode code point U+{number:X} out of range (>0x10FFFF)")
    return "\ufffd" if 0xD800 <= number < 0xE000 else chr(number)


def _dict(arguments: Arguments, keywords: Keywords) -> Anything:
    if len(arguments) > 1:
        raise StarlarkError(f"dict: got {len(arguments)} arguments, want at most 1")
    made: dict[Anything, Anything] = {}
    try:
        update_dict(made, arguments, keywords)
    except StarlarkError as error:
        raise StarlarkError(f"dict: {error}") from None
    return made


def _dir(arguments: Arguments, keywords: Keywords) -> Anything:
    return attribute_names(plain("dir", arguments, keywords))


def _enumerate(arguments: Arguments, keywords: Keywords) -> Anything:
    items, start = positional("enumerate", arguments, keywords, 1, iterable, integer)
    return list(enumerate(items, start or 0))


def _separated(name: str, arguments: Arguments, keywords: Keywords) -> str:
    separator = named(name, (), keywords, sep_=text).get("sep", " ")
    return separator.join(map(printed, arguments))  # type: ignore[no-any-return]


def _fail(arguments: Arguments, keywords: Keywords) -> Anything:
    raise StarlarkError(f"fail: {_separated('fail', arguments, keywords)}")


def _float(arguments: Arguments, keywords: Keywords) -> Anything:
    if keywords:
        raise StarlarkError("float does not accept keyword arguments")
    if not arguments:
        return 0.0
    if len(arguments) != 1:
        raise StarlarkError(f"float got {len(arguments)} arguments, wants 1")
    value = arguments[0]
    if type(value) is int:
        return as_float(value)
    if type(value) in {bool, float}:
        return float(value)
    if type(value) is not str:
        raise StarlarkError(f"float got {type_name(value)}, want number or string")
    return _parsed_float(value)


def _parsed_float(value: str) -> float:
    if not value:
        raise StarlarkError("float: empty string")
    word = value.lower().lstrip("+-") if value[1:2] not in {"+", "-"} else value
    try:
        result = float(value) if value == value.strip() and "_" not in value else None
    except ValueError:
        result = None
    if result is None:
        raise StarlarkError(f"invalid float literal: {value}")
    if result in {float("inf"), float("-inf")} and word not in {"inf", "infinity"}:
        raise StarlarkError("floating-point number too large")
    return result


def _getattr(arguments: Arguments, keywords: Keywords) -> Anything:
    of, name, default = positional("getattr", arguments, keywords, 2, anything, text, anything)
    found = find_attribute(of, name)
    if found is not None:
        return found
    if len(arguments) > 2:
        return default
    raise StarlarkError(f"getattr: {type_name(of)} has no .{name} field or method")


def _hasattr(arguments: Arguments, keywords: Keywords) -> Anything:
    of, name = positional("hasattr", arguments, keywords, 2, anything, text)
    return find_attribute(of, name) is not None


def _hash(arguments: Arguments, keywords: Keywords) -> Anything:
    (value,) = positional("hash", arguments, keywords, 1, anything)
    if type(value) is str:
        number = 0
        for unit in memoryview(_valid(value).encode("utf-16-le")).cast("H"):
            number = (31 * number + unit) & 0xFFFFFFFF
        return number - (1 << 32) if number >= 1 << 31 else number
    if type(value) is bytes:
        number = 2166136261
        for byte in value:
            number = ((number ^ byte) * 16777619) & 0xFFFFFFFF
        return number
    raise StarlarkError(f"hash: got {type_name(value)}, want string or bytes")


def _int(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named("int", arguments, keywords, x=anything, base_=anything)
    value, base = given["x"], given.get("base")
    if type(value) is str:
        return _parsed_int(value, base)
    if base is not None:
        raise StarlarkError("int: can't convert non-string with explicit base")
    if type(value) is bool:
        return int(value)
    try:
        return bounded(number_to_int(value))
    except StarlarkError as error:
        raise StarlarkError(f"int: {error}") from None


def _parsed_int(value: str, given: Anything) -> int:
    base = 10 if given is None else given
    if type(base) is not int:
        raise StarlarkError(f"int: for base, got {type_name(base)}, want int")
    if base and not 2 <= base <= 36:
        raise StarlarkError("int: base must be an integer >= 2 && <= 36")
    if value.isascii() and "_" not in value and value == value.strip() and len(value) <= _MOST_DIGITS:
        try:
            return bounded(int(value, base))
        except ValueError:
            pass
    raise StarlarkError(f"int: invalid literal with base {base}: {value}")


def _len(arguments: Arguments, keywords: Keywords) -> Anything:
    (value,) = positional("len", arguments, keywords, 1, anything)
    length = length_of(value)
    if length < 0:
        raise StarlarkError(f"len: value of type {type_name(value)} has no len")
    return length


def _elements(name: str, arguments: Arguments, keywords: Keywords) -> list[Anything]:
    (items,) = positional(name, arguments, keywords, 0, iterable)
    return [] if items is None else list(items)


def _list(arguments: Arguments, keywords: Keywords) -> Anything:
    return _elements("list", arguments, keywords)


def _extreme(name: str, better: Callable[[Anything, Anything], bool]) -> Callable[[Arguments, Keywords], Anything]:
    def extreme(arguments: Arguments, keywords: Keywords) -> Anything:
        if not arguments:
            raise StarlarkError(f"{name} requires at least one positional argument")
        key = named(name, (), keywords, key_=callable_value).get("key")
        over = arguments[0] if len(arguments) == 1 else arguments
        if (items := listed(over)) is None:
            raise StarlarkError(f"{name}: {type_name(over)} value is not iterable")
        return _best(name, list(items), key, better)

    return extreme


def _best(name: str, items: list[Anything], key: Anything, better: Callable[[Anything, Anything], bool]) -> Anything:
    if not items:
        raise StarlarkError(f"{name}: argument is an empty sequence")
    keys = items if key is None else [call(key, item) for item in items]
    best = 0
    for at in range(1, len(items)):
        try:
            if better(keys[at], keys[best]):
                best = at
        except StarlarkError as error:
            raise StarlarkError(f"{name}: {error}") from None
    return items[best]


def _ord(arguments: Arguments, keywords: Keywords) -> Anything:
    value = plain("ord", arguments, keywords)
    if type(value) is str:
        if len(value) != 1:
            raise StarlarkError(f"ord: string encodes {len(value)} Unicode code points, want 1")
        return ord(_valid(value))
    if type(value) is bytes:
        if len(value) != 1:
            raise StarlarkError(f"ord: bytes has length {len(value)}, want 1")
        return value[0]
    raise StarlarkError(f"ord: got {type_name(value)}, want string or bytes")


def _range(arguments: Arguments, keywords: Keywords) -> Anything:
    start, stop, step = positional("range", arguments, keywords, 1, integer, integer, integer)
    if len(arguments) == 1:
        start, stop = 0, start
    if step == 0:
        raise StarlarkError("range: step argument must not be zero")
    return range(start, stop, 1 if step is None else step)


def _repr(arguments: Arguments, keywords: Keywords) -> Anything:
    return text_of(positional("repr", arguments, keywords, 1, anything)[0])


def _reversed(arguments: Arguments, keywords: Keywords) -> Anything:
    return list(positional("reversed", arguments, keywords, 1, iterable)[0])[::-1]


def _set(arguments: Arguments, keywords: Keywords) -> Anything:
    elements = _elements("set", arguments, keywords)
    try:
        return StarlarkSet(elements)
    except StarlarkError as error:
        raise StarlarkError(f"set: {error}") from None


def _sorted(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named("sorted", arguments, keywords, iterable=iterable, key_=callable_value, reverse_=flag)
    items = list(given["iterable"])
    keys = [call(given["key"], item) for item in items] if "key" in given else items
    if keys and (all(type(key) is str for key in keys) or all(type(key) is int for key in keys)):
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=given.get("reverse", False))
    else:
        order = _ordered(keys, reverse=given.get("reverse", False))
    return [items[at] for at in order]


def _ordered(keys: list[Anything], *, reverse: bool) -> list[int]:
    """Values that cannot be compared count as not less; the last mistake is the one that is told, as in Go."""
    mistakes: list[StarlarkError] = []

    class Key:
        def __init__(self, at: int) -> None:
            self.key = keys[at]

        def __lt__(self, other: Key) -> bool:
            try:
                return less(self.key, other.key)
            except StarlarkError as error:
                mistakes.append(error)
                return False

    order = sorted(range(len(keys)), key=Key, reverse=reverse)
    if mistakes:
        raise mistakes[-1]
    return order


def _str(arguments: Arguments, keywords: Keywords) -> Anything:
    value = plain("str", arguments, keywords, "exactly 1")
    return _valid(decoded(value)) if type(value) is bytes else printed(value)


def _tuple(arguments: Arguments, keywords: Keywords) -> Anything:
    return tuple(_elements("tuple", arguments, keywords))


def _type(arguments: Arguments, keywords: Keywords) -> Anything:
    return type_name(plain("type", arguments, keywords, "exactly 1"))


def _zip(arguments: Arguments, keywords: Keywords) -> Anything:
    if keywords:
        raise StarlarkError("zip does not accept keyword arguments")
    columns: list[Any] = []
    for at, argument in enumerate(arguments, 1):
        items = listed(argument)
        if items is None:
            raise StarlarkError(f"zip: argument #{at} is not iterable: {type_name(argument)}")
        columns.append(items)
    return list(zip(*columns, strict=False))


def _printer(write: Callable[[str], None]) -> Callable[[Arguments, Keywords], Anything]:
    def print_(arguments: Arguments, keywords: Keywords) -> Anything:
        shown = tuple(decoded(each) if type(each) is bytes else each for each in arguments)
        write(_separated("print", shown, keywords))

    return print_


_FUNCTIONS: dict[str, Callable[[Arguments, Keywords], Anything]] = {
    "abs": _abs,
    "all": _all,
    "any": _any,
    "bool": _bool,
    "bytes": _bytes,
    "chr": _chr,
    "dict": _dict,
    "dir": _dir,
    "enumerate": _enumerate,
    "fail": _fail,
    "float": _float,
    "getattr": _getattr,
    "hasattr": _hasattr,
    "hash": _hash,
    "int": _int,
    "len": _len,
    "list": _list,
    "max": _extreme("max", greater),
    "min": _extreme("min", less),
    "ord": _ord,
    "range": _range,
    "repr": _repr,
    "reversed": _reversed,
    "set": _set,
    "sorted": _sorted,
    "str": _str,
    "tuple": _tuple,
    "type": _type,
    "zip": _zip,
}


def universe(write: Callable[[str], None]) -> dict[str, Anything]:
    """All of it by name; `write` gets what `print` prints."""
    functions = _FUNCTIONS | {"print": _printer(write)}
    return {name: Builtin(name, code) for name, code in functions.items()} | {
        "None": None,
        "True": True,
        "False": False,
    }

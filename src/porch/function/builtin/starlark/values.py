"""The values of a script. Most are Python's own: None, bool, int, float, str, bytes, list, tuple, dict and range.

What differs is handled here. A Starlark dict tells True from 1, so a key that is or holds a bool is wrapped. A list or
dict that is being looped over must not change: `BUSY` counts the loops over each. A string is UTF-8 bytes in Go; ours
is a str, and what slices cut out of characters are surrogate escapes.

Scripts never reach Python's attributes or functions: everything that is not one of the types above is a `Value`, which
says itself what can be seen of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, TypeAlias

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.literals import quote, quote_bytes
from porch.function.builtin.starlark.numbers import go_float

Anything: TypeAlias = Any
Arguments: TypeAlias = tuple[Anything, ...]
Keywords: TypeAlias = dict[str, Anything]

MOST_ELEMENTS = 1 << 24
"""As long as a list may get in one step."""

BUSY: dict[int, int] = {}
"""Loops that are running, by the id of what they run over. One script runs at a time."""

_NAMES: dict[type[Any], str] = {
    type(None): "NoneType",
    bool: "bool",
    int: "int",
    float: "float",
    str: "string",
    bytes: "bytes",
    list: "list",
    tuple: "tuple",
    dict: "dict",
    range: "range",
}


class Value:
    """Everything that is not a Python value. Compared by identity unless a class says otherwise."""

    __slots__ = ()
    type_name: ClassVar[str]

    def __str__(self) -> str:
        raise NotImplementedError

    def __bool__(self) -> bool:
        return True

    def attribute(self, name: str) -> Anything:  # noqa: ARG002 - for those that have some
        """None when there is no such attribute: None itself is never one."""
        return None

    def attribute_names(self) -> list[str]:
        return []

    def missing(self, name: str) -> str:
        return f"{self.type_name} has no .{name} field or method"

    def operate(self, operator: str, other: Anything, *, is_left: bool) -> Anything:  # noqa: ARG002
        """NotImplemented when this type has no such operator."""
        return NotImplemented

    def compared(self, other: Any) -> int:
        """Less than, equal to or greater than a value of the same type."""
        raise NotImplementedError


class Iterating(Value):
    """A value that loops run over."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Anything]:
        raise NotImplementedError


class Builtin(Value):
    """A function of ours."""

    __slots__ = ("code", "name", "of")
    type_name = "builtin_function_or_method"

    def __init__(self, name: str, code: Callable[[Arguments, Keywords], Anything], of: str = "") -> None:
        self.name = name
        self.code = code
        self.of = of

    def __str__(self) -> str:
        return f"<built-in method {self.name} of {self.of} value>" if self.of else f"<built-in function {self.name}>"


class Module(Value):
    """What `load` gives."""

    __slots__ = ("members", "name")
    type_name = "module"

    def __init__(self, name: str, members: dict[str, Anything]) -> None:
        self.name = name
        self.members = members

    def __str__(self) -> str:
        return f"<module {quote(self.name)}>"

    def attribute(self, name: str) -> Anything:
        return self.members.get(name)

    def attribute_names(self) -> list[str]:
        return list(self.members)


class Struct(Value):
    """Named fields, like `ctx`."""

    __slots__ = ("fields",)
    type_name = "struct"

    def __init__(self, fields: dict[str, Anything]) -> None:
        self.fields = fields

    def __str__(self) -> str:
        return f"struct({', '.join(f'{name} = {text_of(self.fields[name])}' for name in sorted(self.fields))})"

    def attribute(self, name: str) -> Anything:
        return self.fields.get(name)

    def attribute_names(self) -> list[str]:
        return list(self.fields)

    def missing(self, name: str) -> str:
        return f"struct has no .{name} attribute"


class StarlarkSet(Iterating):
    """Keeps the order of insertion, as a dict of keys does."""

    __slots__ = ("table",)
    type_name = "set"
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, elements: Iterable[Anything] = ()) -> None:
        self.table = {key_of(element): None for element in elements}

    def __str__(self) -> str:
        return f"set([{', '.join(map(text_of, self))}])"

    def __bool__(self) -> bool:
        return bool(self.table)

    def __iter__(self) -> Iterator[Anything]:
        return iter(keys_of(self.table))

    def __len__(self) -> int:
        return len(self.table)


class Wrapped:
    """A key that Python would take for another: True for 1."""

    __slots__ = ("_identity", "key")

    def __init__(self, key: Anything) -> None:
        self.key = key
        self._identity = _identity(key)

    def __hash__(self) -> int:
        return hash(self._identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Wrapped) and self._identity == other._identity


def _identity(key: Anything) -> Anything:
    """A key in which a bool can be told from a number."""
    if isinstance(key, tuple):
        return tuple(map(_identity, key))
    return ("bool", bool(key)) if isinstance(key, bool) else key


def key_of(key: Anything) -> Anything:
    """A key as dicts keep it. Raises StarlarkError when it has no hash."""
    kind = type(key)
    if kind is str or kind is int:
        return key
    if kind is bool:
        return Wrapped(key)
    if kind is float:
        return key if key == key else math.nan  # noqa: PLR0124 - all NaN are one key
    if kind is tuple:
        parts = [key_of(part) for part in key]
        return Wrapped(key) if any(type(part) is Wrapped for part in parts) else key
    if kind is list or kind is dict or kind is StarlarkSet:
        raise StarlarkError(f"unhashable type: {type_name(key)}")
    if kind is range or isinstance(key, (Iterating, Module)):
        raise StarlarkError(f"unhashable: {type_name(key)}")
    return key


def keys_of(table: dict[Anything, Anything]) -> list[Anything]:
    return [key.key if type(key) is Wrapped else key for key in table]


def items_of(table: dict[Anything, Anything]) -> list[tuple[Anything, Anything]]:
    return [(key.key if type(key) is Wrapped else key, value) for key, value in table.items()]


def type_name(value: Anything) -> str:
    name = _NAMES.get(type(value))
    return name or value.type_name


def must_be_still(table: list[Anything] | dict[Anything, Anything], verb: str) -> None:
    """Raises StarlarkError when a loop runs over it."""
    if BUSY and id(table) in BUSY:
        what = "list" if type(table) is list else "hash table"
        raise StarlarkError(f"cannot {verb} {what} during iteration")


def iterated(value: Anything) -> Iterable[Anything] | None:
    """What a loop over the value gives; None when there can be none."""
    kind = type(value)
    if kind is list or kind is tuple or kind is range:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        return keys_of(value)
    return value if isinstance(value, Iterating) else None


def listed(value: Anything) -> Iterable[Anything] | None:
    """What `iterated` gives, for those who take all of it at once. Raises StarlarkError for an enormous range."""
    if type(value) is range and len(value) > MOST_ELEMENTS:
        raise StarlarkError(f"{text_of(value)} is too large")
    return iterated(value)


def length_of(value: Anything) -> int:
    """-1 when it has none."""
    kind = type(value)
    if kind is str:
        return len(value) if value.isascii() else len(encoded(value))
    if kind in {list, tuple, dict, range, bytes} or hasattr(kind, "__len__"):
        return len(value)
    return -1


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def text_of(value: Anything, inside: tuple[int, ...] = ()) -> str:  # noqa: PLR0911 - one case for each kind
    """As `repr` writes it. `inside` are the containers around it: one that contains itself is written once."""
    kind = type(value)
    if kind is str:
        return quote(value)
    if kind is int:
        return str(value)
    if value is None or kind is bool:
        return str(value)
    if kind is float:
        return float_text(value)
    if kind is bytes:
        return quote_bytes(value)
    if kind is list:
        return f"[{_joined(value, inside, id(value))}]"
    if kind is tuple:
        return f"({', '.join(text_of(item, inside) for item in value)}{',' if len(value) == 1 else ''})"
    if kind is dict:
        return f"{{{_entries(value, inside)}}}"
    if kind is range:
        return _range_text(value)
    return str(value)


def printed(value: Anything) -> str:
    """As `str` and `print` write it."""
    return value if type(value) is str else text_of(value)


def _joined(value: list[Anything], inside: tuple[int, ...], this: int) -> str:
    if this in inside:
        return "..."
    return ", ".join(text_of(item, (*inside, this)) for item in value)


def _entries(value: dict[Anything, Anything], inside: tuple[int, ...]) -> str:
    if id(value) in inside:
        return "..."
    within = (*inside, id(value))
    return ", ".join(f"{text_of(key, inside)}: {text_of(item, within)}" for key, item in items_of(value))


def _range_text(value: range) -> str:
    if value.step != 1:
        return f"range({value.start}, {value.stop}, {value.step})"
    return f"range({value.start}, {value.stop})" if value.start else f"range({value.stop})"


def float_text(value: float) -> str:
    """The shortest digits that read back as the same number, and always visibly a float."""
    if value != value:  # noqa: PLR0124 - NaN
        return "nan"
    if value in {float("inf"), float("-inf")}:
        return "+inf" if value > 0 else "-inf"
    text = go_float(value)
    return text if "." in text or "e" in text else f"{text}.0"

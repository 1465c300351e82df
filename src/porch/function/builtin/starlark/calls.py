"""Calls, attributes, indexes, slices, loops and assignments: what generated code does with values.

Generated code has no attribute access of its own. A name after a dot comes here and is looked up in the tables of
methods; Python's attributes cannot be reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.literals import quote
from porch.function.builtin.starlark.spell import hint
from porch.function.builtin.starlark.values import (
    BUSY,
    Anything,
    Arguments,
    Builtin,
    Iterating,
    Keywords,
    Value,
    decoded,
    encoded,
    iterated,
    key_of,
    keys_of,
    length_of,
    listed,
    must_be_still,
    text_of,
    type_name,
)


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a function of the script. Code takes all of them in this order, then *args and **kwargs."""

    name: str
    parameters: tuple[str, ...]
    keyword_only: int
    optional: tuple[bool, ...]
    has_rest: bool
    has_keywords: bool

    @property
    def size(self) -> int:
        """How many arguments a plain call gives; -1 when there is no plain call."""
        return -1 if self.has_rest or self.has_keywords or self.keyword_only else len(self.parameters)


class Function(Value):
    """A def or lambda of the script."""

    __slots__ = ("code", "defaults", "signature", "size")
    type_name = "function"

    def __init__(self, signature: Signature, defaults: dict[str, Anything], code: Callable[..., Anything]) -> None:
        self.signature = signature
        self.defaults = defaults
        self.code = code
        self.size = signature.size

    def __str__(self) -> str:
        return f"<function {self.signature.name}>"

    def call(self, arguments: Arguments, keywords: Keywords) -> Anything:
        return self.code(*self._bound(arguments, keywords))

    def _bound(self, arguments: Arguments, keywords: Keywords) -> list[Anything]:
        signature = self.signature
        name, parameters = signature.name, signature.parameters
        if not parameters and not signature.has_rest and not signature.has_keywords:
            if given := len(arguments) + len(keywords):
                raise StarlarkError(f"function {name} accepts no arguments ({given} given)")
            return []
        places = len(parameters) - signature.keyword_only
        if len(arguments) > places and not signature.has_rest:
            most = "at most " if any(signature.optional[:places]) else ""
            plural = "" if places == 1 else "s"
            raise StarlarkError(
                f"function {name} accepts {most}{places} positional argument{plural} ({len(arguments)} given)"
            )
        values = dict(zip(parameters[:places], arguments, strict=False))
        more = self._take_keywords(values, keywords)
        if missing := [key for key in parameters if key not in values and key not in self.defaults]:
            plural = "s" if len(missing) > 1 else ""
            raise StarlarkError(f"function {name} missing {len(missing)} argument{plural} ({', '.join(missing)})")
        bound = [values[key] if key in values else self.defaults[key] for key in parameters]
        if signature.has_rest:
            bound.append(tuple(arguments[places:]))
        return [*bound, more] if signature.has_keywords else bound

    def _take_keywords(self, values: dict[str, Anything], keywords: Keywords) -> Keywords:
        name, more = self.signature.name, {}
        for key, value in keywords.items():
            if key in self.signature.parameters:
                if key in values:
                    raise StarlarkError(f"function {name} got multiple values for parameter {quote(key)}")
                values[key] = value
            elif self.signature.has_keywords:
                more[key] = value
            else:
                raise StarlarkError(f"function {name} got an unexpected keyword argument {quote(key)}")
        return more


def call(function: Anything, *arguments: Anything) -> Anything:
    if type(function) is Function:
        if function.size == len(arguments):
            return function.code(*arguments)
        return function.call(arguments, {})
    if type(function) is Builtin:
        return function.code(arguments, {})
    raise StarlarkError(f"invalid call of non-function ({type_name(function)})")


def call_with(  # noqa: PLR0917 - one case for each kind
    function: Anything, arguments: Arguments, names: tuple[str, ...], values: Arguments, rest: Anything, more: Anything
) -> Anything:
    """A call with keywords, *args (or the absence of it, an empty tuple) and **kwargs (or an empty dict)."""
    if (spread := listed(rest)) is None:
        raise StarlarkError(f"argument after * must be iterable, not {type_name(rest)}")
    keywords: Keywords = dict(zip(names, values, strict=True))
    if type(more) is not dict:
        raise StarlarkError(f"argument after ** must be a mapping, not {type_name(more)}")
    for key, value in more.items():
        if type(key) is not str:
            raise StarlarkError(f"keywords must be strings, not {type_name(keys_of({key: 0})[0])}")
        if key in keywords:
            raise StarlarkError(_repeated(function, key))
        keywords[key] = value
    arguments = (*arguments, *spread)
    if type(function) is Function:
        return function.call(arguments, keywords)
    if type(function) is Builtin:
        return function.code(arguments, keywords)
    raise StarlarkError(f"invalid call of non-function ({type_name(function)})")


def _repeated(function: Anything, key: str) -> str:
    if type(function) is Function:
        return f"function {function.signature.name} got multiple values for parameter {quote(key)}"
    name = function.name if type(function) is Builtin else type_name(function)
    if name == "dict":
        return f"dict: duplicate keyword arg: {quote(key)}"
    return f"{name}: got multiple values for keyword argument {quote(key)}"


Method = Callable[[Any, Arguments, Keywords], Anything]
METHODS: dict[type[Any], dict[str, Method]] = {}
"""The methods of Python's types, filled by `universe`."""


def call_method(of: Anything, name: str, *arguments: Anything) -> Anything:
    """`of.name(arguments)` without making the method a value first."""
    if (methods := METHODS.get(type(of))) and (method := methods.get(name)):
        return method(of, arguments, {})
    return call(attribute(of, name), *arguments)


def find_attribute(of: Anything, name: str) -> Anything:
    """None when there is none."""
    if methods := METHODS.get(type(of)):
        method = methods.get(name)
        if method is None:
            return None
        found = method
        return Builtin(name, lambda arguments, keywords: found(of, arguments, keywords), type_name(of))
    return of.attribute(name) if isinstance(of, Value) else None


def attribute_names(of: Anything) -> list[str]:
    if methods := METHODS.get(type(of)):
        return sorted(methods)
    return sorted(of.attribute_names()) if isinstance(of, Value) else []


def attribute(of: Anything, name: str) -> Anything:
    found = find_attribute(of, name)
    if found is None:
        missing = of.missing(name) if isinstance(of, Value) else f"{type_name(of)} has no .{name} field or method"
        raise StarlarkError(missing + hint(name, attribute_names(of), "."))
    return found


def set_attribute(value: Anything, of: Anything, name: str) -> None:  # noqa: ARG001 - like set_index
    raise StarlarkError(f"can't assign to .{name} field of {type_name(of)}")


def number_to_int(value: Anything) -> int:
    """A number without its fraction. Raises StarlarkError."""
    if type(value) is int:
        return value
    if type(value) is float:
        if value != value:  # noqa: PLR0124 - NaN
            raise StarlarkError("cannot convert float NaN to integer")
        if value in {float("inf"), float("-inf")}:
            raise StarlarkError("cannot convert float infinity to integer")
        return int(value)
    raise StarlarkError(f"cannot convert {type_name(value)} to int")


def int32(value: Anything) -> int:
    if type(value) is not int:
        raise StarlarkError(f"got {type_name(value)}, want int")
    if not -(1 << 31) <= value < 1 << 31:
        raise StarlarkError(f"{value} out of range")
    return value


def out_of_range(at: int, of: Anything, length: int) -> StarlarkError:
    if not length:
        return StarlarkError(f"index {at} out of range: empty {type_name(of)}")
    return StarlarkError(f"{type_name(of)} index {at} out of range [{-length}:{length - 1}]")


def index(of: Anything, key: Anything) -> Anything:
    kind = type(of)
    if kind is dict:
        try:
            return of[key if type(key) is str else key_of(key)]
        except KeyError:
            raise StarlarkError(f"key {text_of(key)} not in dict") from None
    if kind in {list, tuple, str, bytes, range}:
        try:
            at = int32(key)
        except StarlarkError as error:
            raise StarlarkError(f"{type_name(of)} index: {error}") from None
        length = length_of(of)
        if not -length <= at < length:
            raise out_of_range(at, of, length)
        if kind is str and not of.isascii():
            return decoded(encoded(of)[at % length : at % length + 1])
        return of[at % length : at % length + 1] if kind is bytes else of[at]
    raise StarlarkError(f"unhandled index operation {type_name(of)}[{type_name(key)}]")


def set_index(value: Anything, of: Anything, key: Anything) -> None:
    if type(of) is dict:
        must_be_still(of, "insert into")
        of[key if type(key) is str else key_of(key)] = value
    elif type(of) is list:
        at = int32(key)
        if not -len(of) <= at < len(of):
            raise out_of_range(at, of, len(of))
        must_be_still(of, "assign to element of")
        of[at] = value
    else:
        raise StarlarkError(f"{type_name(of)} value does not support item assignment")


def slice_of(of: Anything, low: Anything, high: Anything, step: Anything) -> Anything:
    if type(of) not in {list, tuple, str, bytes, range}:
        raise StarlarkError(f"invalid slice operand {type_name(of)}")
    stride = 1
    if step is not None:
        stride = _bound(step, "slice step")
        if not stride:
            raise StarlarkError("zero is not a valid slice step")
    start = None if low is None else _bound(low, "start index")
    end = None if high is None else _bound(high, "end index")
    if type(of) is str and not of.isascii():
        return decoded(encoded(of)[start:end:stride])
    return of[start:end:stride]


def _bound(value: Anything, what: str) -> int:
    try:
        return int32(value)
    except StarlarkError as error:
        raise StarlarkError(f"invalid {what}: {error}") from None


def loop(over: Anything) -> Iterator[Anything]:
    """What a for statement or clause runs over. A list or dict must not change meanwhile."""
    items = iterated(over)
    if items is None:
        raise StarlarkError(f"{type_name(over)} value is not iterable")
    if type(over) is list or type(over) is dict:
        return _guarded(over, items)
    if isinstance(over, Iterating) and hasattr(over, "table"):
        return _guarded(over.table, items)
    return iter(items)


def _guarded(table: Anything, items: Iterable[Anything]) -> Iterator[Anything]:
    this = id(table)
    BUSY[this] = BUSY.get(this, 0) + 1
    try:
        yield from items
    finally:
        if BUSY[this] == 1:
            del BUSY[this]
        else:
            BUSY[this] -= 1


def unpack(value: Anything, count: int) -> list[Anything] | tuple[Anything, ...]:
    """Exactly `count` values, for an assignment to as many targets."""
    items = listed(value)
    if items is None:
        raise StarlarkError(f"got {type_name(value)} in sequence assignment")
    values = list(items)
    if len(values) != count:
        many = "many" if len(values) > count else "few"
        raise StarlarkError(f"too {many} values to unpack (got {len(values)}, want {count})")
    return values


def dict_display(*keys_and_values: Anything) -> dict[Anything, Anything]:
    """`{k: v, ...}`, in which no key comes twice."""
    table: dict[Anything, Anything] = {}
    for at in range(0, len(keys_and_values), 2):
        key = key_of(keys_and_values[at])
        if key in table:
            raise StarlarkError(f"duplicate key: {text_of(keys_and_values[at])}")
        table[key] = keys_and_values[at + 1]
    return table


def dict_of_pairs(pairs: list[tuple[Anything, Anything]]) -> dict[Anything, Anything]:
    """`{k: v for ...}`."""
    return {key_of(key): value for key, value in pairs}

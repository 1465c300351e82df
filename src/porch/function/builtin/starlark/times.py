"""Points in time and durations, as scripts see them: to the nanosecond, with the zone that they were given in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.values import Anything, Value

NANOSECOND, MICROSECOND, MILLISECOND, SECOND = 1, 10**3, 10**6, 10**9
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
_UNITS = {
    "ns": NANOSECOND,
    "us": MICROSECOND,
    "µs": MICROSECOND,
    "μs": MICROSECOND,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([a-zµμ]*)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YAML = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d*))?"
    r"(Z|[-+]\d\d:\d\d)?)?"
)


class _Comparable(Value):
    __slots__ = ()

    def order(self) -> int:
        raise NotImplementedError

    def compared(self, other: Any) -> int:
        mine, theirs = self.order(), int(other.order())
        return (mine > theirs) - (mine < theirs)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, _Comparable) and self.order() == other.order()

    def __hash__(self) -> int:
        return hash(self.order())


@dataclass(frozen=True, slots=True, eq=False)
class Duration(_Comparable):
    nanoseconds: int
    type_name = "time.duration"

    def order(self) -> int:
        return self.nanoseconds

    def __bool__(self) -> bool:
        return bool(self.nanoseconds)

    def __str__(self) -> str:
        return duration_text(self.nanoseconds)

    def attribute_names(self) -> list[str]:
        return ["hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"]

    def attribute(self, name: str) -> Anything:
        units: dict[str, int] = {"hours": HOUR, "minutes": MINUTE, "seconds": SECOND}
        if name in units:
            return self.nanoseconds / units[name]
        whole = {"milliseconds": MILLISECOND, "microseconds": MICROSECOND, "nanoseconds": NANOSECOND}
        if name in whole:
            return _quotient(self.nanoseconds, whole[name])
        raise StarlarkError(f'unrecognized time.duration attribute "{name}"')

    def operate(self, operator: str, other: Anything, *, is_left: bool) -> Anything:
        mine = self.nanoseconds
        if isinstance(other, Duration):
            return self._with_duration(operator, other, is_left=is_left)
        if isinstance(other, Time) and operator == "+":
            return other.shifted(mine)
        if operator == "*" and type(other) is int:
            return Duration(mine * other)
        if operator == "/" and is_left and type(other) in {int, float}:
            if not other:
                raise StarlarkError("time.duration division by zero")
            return Duration(_quotient(mine, other) if type(other) is int else int(mine / other))
        return NotImplemented

    def _with_duration(self, operator: str, other: Duration, *, is_left: bool) -> Anything:
        left, right = (self, other) if is_left else (other, self)
        if operator == "+":
            return Duration(left.nanoseconds + right.nanoseconds)
        if operator == "-":
            return Duration(left.nanoseconds - right.nanoseconds)
        if operator in {"/", "//"}:
            if not right.nanoseconds:
                raise StarlarkError("time.duration division by zero")
            if operator == "/":
                return left.nanoseconds / right.nanoseconds
            return _quotient(left.nanoseconds, right.nanoseconds)
        return NotImplemented


def _quotient(left: int, right: int) -> int:
    """Rounded towards zero, as Go divides."""
    return left // right if (left < 0) == (right < 0) else -(-left // right)


@dataclass(frozen=True, slots=True, eq=False)
class Time(_Comparable):
    """`when` has whole seconds; what is left of one is `nanosecond`."""

    when: datetime
    nanosecond: int = 0
    type_name = "time.time"

    def order(self) -> int:
        return self.unix() * SECOND + self.nanosecond

    def unix(self) -> int:
        since = self.when - _EPOCH
        return since.days * 86400 + since.seconds

    def shifted(self, nanoseconds: int) -> Time:
        seconds, left = divmod(self.nanosecond + nanoseconds, SECOND)
        return Time((self.when.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(self.when.tzinfo), left)

    def __str__(self) -> str:
        fraction = f".{self.nanosecond:09d}".rstrip("0") if self.nanosecond else ""
        return f"{self.when:%Y-%m-%d %H:%M:%S}{fraction} {self.offset()} {self.zone()}"

    def offset(self, colon: str = "") -> str:
        seconds = int((self.when.utcoffset() or timedelta()).total_seconds())
        hours, minutes = divmod(abs(seconds) // 60, 60)
        return f"{'-' if seconds < 0 else '+'}{hours:02d}{colon}{minutes:02d}"

    def zone(self) -> str:
        name = self.when.tzname() or ""
        return name if name.isalpha() else self.offset()

    def rfc3339(self) -> str:
        fraction = f".{self.nanosecond:09d}".rstrip("0") if self.nanosecond else ""
        zone = "Z" if not self.when.utcoffset() else self.offset(":")
        return f"{self.when:%Y-%m-%dT%H:%M:%S}{fraction}{zone}"

    def attribute_names(self) -> list[str]:
        return [*_FIELDS, "unix", "unix_nano", "nanosecond", "format", "in_location"]

    def attribute(self, name: str) -> Anything:
        if name in _FIELDS:
            return getattr(self.when, name)
        if name == "unix":
            return self.unix()
        if name == "unix_nano":
            return self.order()
        if name == "nanosecond":
            return self.nanosecond
        if name in {"format", "in_location"}:
            from porch.function.builtin.starlark.modules.time import method_of

            return method_of(self, name)
        return None

    def operate(self, operator: str, other: Anything, *, is_left: bool) -> Anything:
        if isinstance(other, Duration) and operator in {"+", "-"} and is_left:
            return self.shifted(other.nanoseconds if operator == "+" else -other.nanoseconds)
        if isinstance(other, Time) and operator == "-" and is_left:
            return Duration(self.order() - other.order())
        return NotImplemented


_FIELDS = ("year", "month", "day", "hour", "minute", "second")


def fixed_zone(text: str) -> tzinfo:
    """`Z` or like `+02:00`."""
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes)) if minutes else UTC


def time_of_yaml(text: str) -> Anything:
    """A timestamp of YAML; without a zone it is UTC. What is no time of the calendar stays text."""
    found = _YAML.fullmatch(text)
    if not found:
        return text
    year, month, day, hour, minute, second, fraction, _ = found.groups("0")
    try:
        when = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=fixed_zone(found[8] or "Z")
        )
    except ValueError:
        return text
    return Time(when, int(fraction[:9].ljust(9, "0")))


def parse_duration(text: str) -> int:
    """Like `1h30m`. Raises StarlarkError."""
    word = text[1:] if text[:1] in {"-", "+"} else text
    if word == "0":
        return 0
    total = at = 0
    while at < len(word):
        found = _PART.match(word, at)
        if not found:
            break
        if not found[2]:
            raise StarlarkError(f'time: missing unit in duration "{text}"')
        if found[2] not in _UNITS:
            raise StarlarkError(f'time: unknown unit "{found[2]}" in duration "{text}"')
        whole, _, fraction = found[1].partition(".")
        unit = _UNITS[found[2]]
        total += int(whole or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        at = found.end()
    if at < len(word) or not word or total >= 1 << 63:
        raise StarlarkError(f'time: invalid duration "{text}"')
    return -total if text[0] == "-" else total


def duration_text(nanoseconds: int) -> str:
    if not nanoseconds:
        return "0s"
    sign, left = "-" if nanoseconds < 0 else "", abs(nanoseconds)
    for unit, name in ((MICROSECOND, "ns"), (MILLISECOND, "µs"), (SECOND, "ms")):
        if left < unit:
            return f"{sign}{_decimal(left, max(unit // 1000, 1))}{name}"
    hours, left = divmod(left, HOUR)
    minutes, left = divmod(left, MINUTE)
    text = f"{_decimal(left, SECOND)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{sign}{hours}h{text}" if hours else f"{sign}{text}"


def _decimal(value: int, unit: int) -> str:
    whole, left = divmod(value, unit)
    digits = len(str(unit)) - 1
    return f"{whole}.{left:0{digits}d}".rstrip("0") if left else str(whole)

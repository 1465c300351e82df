"""time.star: times and durations. `now` is the only thing in a script that differs from run to run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from porch.function.builtin.starlark.arguments import integer, named, positional, text
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.layouts import RFC3339, formatted, parsed
from porch.function.builtin.starlark.times import (
    HOUR,
    MICROSECOND,
    MILLISECOND,
    MINUTE,
    NANOSECOND,
    SECOND,
    Duration,
    Time,
    parse_duration,
)
from porch.function.builtin.starlark.values import Anything, Arguments, Builtin, Keywords, Module, type_name


def _zone(name: str) -> tzinfo:
    if name in {"", "UTC", "Local"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise StarlarkError(f"unknown time zone {name}") from None


def _duration(value: Anything) -> Duration:
    if isinstance(value, Duration):
        return value
    if type(value) is str:
        return Duration(parse_duration(value))
    raise StarlarkError(f"got {type_name(value)}, want a duration, string, or int")


def _parse_duration(arguments: Arguments, keywords: Keywords) -> Anything:
    return positional("parse_duration", arguments, keywords, 1, _duration)[0]


def _is_valid_timezone(arguments: Arguments, keywords: Keywords) -> Anything:
    (name,) = positional("is_valid_timezone", arguments, keywords, 1, text)
    try:
        _zone(name)
    except StarlarkError:
        return False
    return True


def _parse_time(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named("parse_time", arguments, keywords, x=text, format_=text, location_=text)
    return parsed(given["x"], given.get("format", RFC3339), _zone(given.get("location", "UTC")))


def _at(seconds: int, nanosecond: int, zone: tzinfo) -> Time:
    seconds, nanosecond = seconds + nanosecond // SECOND, nanosecond % SECOND
    try:
        return Time((datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).astimezone(zone), nanosecond)
    except OverflowError:
        raise StarlarkError("time out of range") from None


def _from_timestamp(arguments: Arguments, keywords: Keywords) -> Anything:
    seconds, nanosecond = positional("from_timestamp", arguments, keywords, 1, integer, integer)
    return _at(seconds, nanosecond or 0, UTC)


def _now(arguments: Arguments, keywords: Keywords) -> Anything:
    positional("now", arguments, keywords, 0)
    now = datetime.now(UTC)
    return Time(now.replace(microsecond=0), now.microsecond * 1000)


def _time(arguments: Arguments, keywords: Keywords) -> Anything:
    """Parts beyond their range carry over, as in Go: the 32nd of January is the first of February."""
    if arguments:
        raise StarlarkError("time: unexpected positional arguments")
    given = named(
        "time",
        (),
        keywords,
        year_=integer,
        month_=integer,
        day_=integer,
        hour_=integer,
        minute_=integer,
        second_=integer,
        nanosecond_=integer,
        location_=text,
    )
    zone = _zone(given.get("location", ""))
    years, month = divmod(given.get("month", 0) - 1, 12)
    try:
        start = datetime(given.get("year", 0) + years, month + 1, 1, tzinfo=zone)
        local = start + timedelta(
            days=given.get("day", 0) - 1,
            hours=given.get("hour", 0),
            minutes=given.get("minute", 0),
            seconds=given.get("second", 0),
        )
        carried, nanosecond = divmod(given.get("nanosecond", 0), SECOND)
        return Time(local + timedelta(seconds=carried), nanosecond)
    except (ValueError, OverflowError):
        raise StarlarkError("time out of range") from None


def method_of(time: Time, name: str) -> Builtin:
    """`format` and `in_location` of a time."""

    def function(arguments: Arguments, keywords: Keywords) -> Anything:
        (value,) = positional(name, arguments, keywords, 1, text)
        if name == "format":
            return formatted(time, value)
        return Time(time.when.astimezone(_zone(value)), time.nanosecond)

    return Builtin(name, function, "time.time")


_FUNCTIONS = {
    "from_timestamp": _from_timestamp,
    "is_valid_timezone": _is_valid_timezone,
    "now": _now,
    "parse_duration": _parse_duration,
    "parse_time": _parse_time,
    "time": _time,
}
MEMBERS = {
    "time": Module(
        "time",
        {
            **{name: Builtin(name, function) for name, function in _FUNCTIONS.items()},
            "nanosecond": Duration(NANOSECOND),
            "microsecond": Duration(MICROSECOND),
            "millisecond": Duration(MILLISECOND),
            "second": Duration(SECOND),
            "minute": Duration(MINUTE),
            "hour": Duration(HOUR),
        },
    )
}

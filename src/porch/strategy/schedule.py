"""`spec.sync.schedule`: what robfig/cron's ParseStandard accepts, and when it is due next.

Five cron fields, `@hourly` and its kin, `@every 1h30m`, and a time zone (`TZ=` or `CRON_TZ=`) in front; UTC without
one. A time is due when its clock reading in that zone matches all fields. So a reading that a change to summer time
skips is not due on that day, and one that comes twice in autumn is due twice, as with robfig/cron.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from typing import Protocol
from zoneinfo import ZoneInfo

_MAX_LENGTH = 256
_YEARS = 5  # robfig/cron gives up then, too: the next 29 February may be eight years away
_ZONE = re.compile(r"(?:CRON_)?TZ=(\S*)\s+(.*)", re.DOTALL)
_EVERY = "@every "
_DURATION = re.compile(r"\+?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+|\+?0")
_PART = re.compile(r"([0-9.]+)(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "μs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
}
_MOST_SECONDS = 366 * 86400
_NUMBER = re.compile(r"\+?[0-9]{1,6}")
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


class Schedule(Protocol):
    def after(self, when: datetime) -> datetime | None:
        """The first time behind `when` that is due, in UTC; None when there is none within five years."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    seconds: int

    def after(self, when: datetime) -> datetime | None:
        return when.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class _Field:
    """`any` says that it was written as `*` or `?`: of two day fields, such a one leaves the choice to the other."""

    values: frozenset[int]
    any: bool


@dataclass(frozen=True, slots=True)
class Cron:
    minute: _Field
    hour: _Field
    day: _Field
    month: _Field
    weekday: _Field
    zone: tzinfo

    def after(self, when: datetime) -> datetime | None:
        """Goes through the minutes, past days and hours that do not match at one step each."""
        at = when.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = at + timedelta(days=366 * _YEARS)
        while at < end:
            reading, steps = at.astimezone(self.zone), tuple[int, ...]()
            if not self._is_day(reading):
                steps = (24 * 60 - reading.hour * 60 - reading.minute, 60 - reading.minute, 1)
            elif reading.hour not in self.hour.values:
                steps = (60 - reading.minute, 1)
            elif reading.minute not in self.minute.values:
                steps = (1,)
            else:
                return at
            at = self._step(at, reading, steps)
        return None

    def _step(self, at: datetime, reading: datetime, steps: tuple[int, ...]) -> datetime:
        """The longest step over which the zone's clock just runs on: nothing is skipped then."""
        for minutes in steps:
            there = at + timedelta(minutes=minutes)
            if minutes == 1 or there.astimezone(self.zone).utcoffset() == reading.utcoffset():
                break
        return there

    def _is_day(self, reading: datetime) -> bool:
        if reading.month not in self.month.values:
            return False
        in_month, in_week = reading.day in self.day.values, reading.isoweekday() % 7 in self.weekday.values
        return in_month and in_week if self.day.any or self.weekday.any else in_month or in_week


def parse_schedule(text: str) -> Schedule:
    """Raises ValueError that says what is wrong."""
    if len(text) > _MAX_LENGTH:
        raise ValueError(f"must be no more than {_MAX_LENGTH} characters")
    zone: tzinfo = UTC
    rest = text.strip()
    if rest.startswith(("TZ=", "CRON_TZ=")):
        found = _ZONE.fullmatch(rest)
        if found is None:
            raise ValueError("there must be a schedule behind the time zone")
        zone, rest = _zone(found[1]), found[2].strip()
    if rest.startswith(_EVERY):
        return Every(_duration(rest.removeprefix(_EVERY)))
    if rest.startswith("@"):
        if rest not in _DESCRIPTORS:
            raise ValueError("unknown descriptor: use @hourly, @daily, @weekly, @monthly, @yearly or @every 10m")
        rest = _DESCRIPTORS[rest]
    words = rest.split()
    if len(words) != 5:
        raise ValueError("must have five fields, like '*/10 * * * *': minute, hour, day of month, month, day of week")
    minute, hour, day, month, weekday = words
    return Cron(
        minute=_field("minute", minute, 0, 59, _plain),
        hour=_field("hour", hour, 0, 23, _plain),
        day=_field("day of month", day, 1, 31, _plain),
        month=_field("month", month, 1, 12, _named(_MONTHS, 1)),
        weekday=_field("day of week", weekday, 0, 6, _named(_DAYS, 0)),
        zone=zone,
    )


def schedule_problem(text: str) -> str:
    """What is wrong with a schedule; empty when nothing is."""
    try:
        parse_schedule(text)
    except ValueError as error:
        return str(error)
    return ""


def _zone(name: str) -> tzinfo:
    """`Local` is the server's own time, which is UTC."""
    if name in {"", "UTC", "Local"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:
        raise ValueError(f"the time zone {name!r} is not known here; use one like Europe/Berlin") from error


def _duration(text: str) -> int:
    """Whole seconds, at least one, as robfig/cron counts."""
    if not _DURATION.fullmatch(text):
        raise ValueError("@every needs a duration, like @every 10m or @every 1h30m")
    parts = _PART.findall(text)
    seconds = sum((_UNITS[unit] * Fraction(number.rstrip(".") or "0") for number, unit in parts), Fraction(0))
    if seconds > _MOST_SECONDS:
        raise ValueError("@every must be no more than a year")
    return max(1, int(seconds))


def _field(name: str, text: str, low: int, high: int, number: Callable[[str], int]) -> _Field:
    """A list of `*`, numbers and ranges, each perhaps with a step; `3/10` is from 3 on."""
    values: set[int] = set()
    starred = False
    for item in filter(None, text.split(",")):
        span, slash, step_text = item.partition("/")
        step = _plain(step_text) if slash else 1
        first, dash, last = span.partition("-")
        wild = first in {"*", "?"}
        start = low if wild else number(first)
        end = high if wild or (slash and not dash) else number(last) if dash else start
        if not (low <= start <= end <= high and step > 0):
            raise ValueError(
                f"{name} {text!r} is not *, a number from {low} to {high}, a range, a step or a list of these"
            )
        values |= set(range(start, end + 1, step))
        starred = starred or (wild and step == 1)
    if not values:
        raise ValueError(f"{name} {text!r} names nothing")
    return _Field(frozenset(values), starred)


def _plain(text: str) -> int:
    """-1 when it is no number."""
    return int(text) if _NUMBER.fullmatch(text) else -1


def _named(names: list[str], first: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        return names.index(text.lower()) + first if text.lower() in names else _plain(text)

    return number

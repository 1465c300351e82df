"""Go's layouts of times: a layout is how the second of January 2006, 15:04:05 in zone MST (-0700), is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.literals import quote
from porch.function.builtin.starlark.times import Time, fixed_zone

RFC3339 = "2006-01-02T15:04:05Z07:00"
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_CHUNK = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|__2|002|_2(?!006)|0[1-6]|15|PM|pm|Z07:00:00|Z070000|Z07:00|Z0700"
    r"|Z07|-07:00:00|-070000|-07:00|-0700|-07|[.,](?:0+|9+)(?!\d)|[1-5]"
)


def formatted(time: Time, layout: str) -> str:
    return _CHUNK.sub(lambda found: _written(time, found[0]), layout)


def _written(time: Time, chunk: str) -> str:
    when = time.when
    if chunk in _WRITERS:
        return _WRITERS[chunk](when)
    if chunk == "MST":
        return time.zone()
    if chunk[0] in ".,":
        digits = f"{time.nanosecond:09d}"[: len(chunk) - 1]
        if chunk[1] == "9":
            digits = digits.rstrip("0")
        return chunk[0] + digits if digits else ""
    if chunk[0] == "Z" and not when.utcoffset():
        return "Z"
    whole = time.offset(":" if ":" in chunk else "")
    seconds = {"Z07:00:00": ":00", "-07:00:00": ":00", "Z070000": "00", "-070000": "00"}.get(chunk, "")
    return whole[:3] if chunk[1:] == "07" else whole + seconds


_WRITERS: dict[str, Callable[[datetime], str]] = {
    "January": lambda when: _MONTHS[when.month - 1],
    "Jan": lambda when: _MONTHS[when.month - 1][:3],
    "Monday": lambda when: _DAYS[when.weekday()],
    "Mon": lambda when: _DAYS[when.weekday()][:3],
    "2006": lambda when: f"{when.year:04d}",
    "06": lambda when: f"{when.year % 100:02d}",
    "01": lambda when: f"{when.month:02d}",
    "1": lambda when: str(when.month),
    "02": lambda when: f"{when.day:02d}",
    "_2": lambda when: f"{when.day:2d}",
    "2": lambda when: str(when.day),
    "002": lambda when: f"{when.timetuple().tm_yday:03d}",
    "__2": lambda when: f"{when.timetuple().tm_yday:3d}",
    "15": lambda when: f"{when.hour:02d}",
    "03": lambda when: f"{when.hour % 12 or 12:02d}",
    "3": lambda when: str(when.hour % 12 or 12),
    "04": lambda when: f"{when.minute:02d}",
    "4": lambda when: str(when.minute),
    "05": lambda when: f"{when.second:02d}",
    "5": lambda when: str(when.second),
    "PM": lambda when: "PM" if when.hour >= 12 else "AM",
    "pm": lambda when: "pm" if when.hour >= 12 else "am",
}
_READERS = {
    "January": ("month_name", "|".join(_MONTHS)),
    "Jan": ("month_short", "|".join(month[:3] for month in _MONTHS)),
    "Monday": ("", "|".join(_DAYS)),
    "Mon": ("", "|".join(day[:3] for day in _DAYS)),
    "2006": ("year", r"\d{4}"),
    "06": ("short_year", r"\d\d"),
    "01": ("month", r"\d\d"),
    "1": ("month", r"\d\d?"),
    "02": ("day", r"\d\d"),
    "_2": ("day", r" ?\d\d?"),
    "2": ("day", r"\d\d?"),
    "002": ("yearday", r"\d{3}"),
    "__2": ("yearday", r" {0,2}\d{1,3}"),
    "15": ("hour", r"\d\d?"),
    "03": ("half_hour", r"\d\d"),
    "3": ("half_hour", r"\d\d?"),
    "04": ("minute", r"\d\d"),
    "4": ("minute", r"\d\d?"),
    "05": ("second", r"\d\d"),
    "5": ("second", r"\d\d?"),
    "PM": ("half", "AM|PM"),
    "pm": ("half", "am|pm"),
    "MST": ("zone", r"[A-Z]{3,5}|[-+]\d\d(?:\d\d)?"),
}


def parsed(text: str, layout: str, zone: tzinfo) -> Time:
    """Raises StarlarkError. A time that says no zone is in `zone`."""
    found = re.compile(_pattern(layout), re.ASCII).fullmatch(text)
    problem = StarlarkError(f"parsing time {quote(text)} as {quote(layout)}: cannot parse it")
    if not found:
        raise problem
    parts = {name: value.strip() for name, value in found.groupdict().items() if value is not None}
    try:
        return _made(parts, zone)
    except ValueError as error:
        raise StarlarkError(f"parsing time {quote(text)}: {error}") from None


def _pattern(layout: str) -> str:
    pieces: list[str] = []
    names: set[str] = set()
    at = 0
    for found in _CHUNK.finditer(layout):
        pieces.append(re.escape(layout[at : found.start()]))
        at = found.end()
        name, pattern = _reader(found[0])
        pieces.append(f"(?P<{name}>{pattern})" if name and name not in names else f"(?:{pattern})")
        names.add(name)
        if found[0] in {"05", "5"} and layout[at : at + 1] not in {".", ","}:
            pieces.append(r"(?:[.,](?P<fraction>\d+))?")
    return "".join((*pieces, re.escape(layout[at:])))


def _reader(chunk: str) -> tuple[str, str]:
    if chunk in _READERS:
        return _READERS[chunk]
    if chunk[0] in ".,":
        digits = rf"\d{{{len(chunk) - 1}}}"
        return ("dotted", rf"[.,]{digits}" if chunk[1] == "0" else r"(?:[.,]\d+)?")
    colon = ":" if ":" in chunk else ""
    offset = rf"[-+]\d\d{'' if chunk[1:] == '07' else colon + '[0-9]{2}'}"
    if chunk.endswith(("00:00", "0000")):
        offset += f"{colon}00"
    return ("offset", f"Z|{offset}" if chunk[0] == "Z" else offset)


def _made(parts: dict[str, str], zone: tzinfo) -> Time:
    year = int(parts.get("year", 0)) or 1
    if "short_year" in parts:
        short = int(parts["short_year"])
        year = short + (1900 if short >= 69 else 2000)
    month = int(parts.get("month", 1))
    if name := parts.get("month_name") or parts.get("month_short"):
        month = next(at for at, each in enumerate(_MONTHS, 1) if each.startswith(name))
    hour = int(parts.get("hour", 0))
    if "half_hour" in parts:
        hour = int(parts["half_hour"]) % 12 + (12 if parts.get("half", "").upper() == "PM" else 0)
    if offset := parts.get("offset"):
        zone = fixed_zone("Z" if offset == "Z" else f"{offset[:3]}:{offset[3:].lstrip(':')[:2] or '00'}")
    elif parts.get("zone") == "UTC":
        zone = UTC
    when = datetime(
        year,
        month,
        int(parts.get("day", 1)),
        hour,
        int(parts.get("minute", 0)),
        int(parts.get("second", 0)),
        tzinfo=zone,
    )
    if "yearday" in parts:
        when = when.replace(month=1, day=1) + timedelta(days=int(parts["yearday"]) - 1)
    fraction = parts.get("fraction") or parts.get("dotted", "")[1:]
    return Time(when, int(fraction[:9].ljust(9, "0")) if fraction else 0)

"""How old things are, as kubectl says it."""

from __future__ import annotations

import math
from datetime import datetime

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400
_ROUNDING: tuple[tuple[float, int, str, int, str], ...] = (
    # durations below, the unit to count in, and the smaller unit for the rest
    (2 * _MINUTE, 1, "s", 0, ""),
    (10 * _MINUTE, _MINUTE, "m", 1, "s"),
    (3 * _HOUR, _MINUTE, "m", 0, ""),
    (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (2 * _DAY, _HOUR, "h", 0, ""),
    (8 * _DAY, _DAY, "d", _HOUR, "h"),
    (2 * _YEAR, _DAY, "d", 0, ""),
    (8 * _YEAR, _YEAR, "y", _DAY, "d"),
    (math.inf, _YEAR, "y", 0, ""),
)


def age(timestamp: str | None, now: datetime) -> str:
    """How long ago an RFC 3339 time was, as kubectl says it."""
    if not timestamp:
        return "<unknown>"
    try:
        then = datetime.fromisoformat(timestamp)
    except ValueError:
        return "<unknown>"
    return duration(int((now - then).total_seconds()))


def duration(seconds: int) -> str:
    """Rounded as kubectl does: where the smaller unit still matters, it is shown too."""
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    _, unit, name, smaller, smaller_name = next(row for row in _ROUNDING if seconds < row[0])
    rest = seconds % unit // smaller if smaller else 0
    return f"{seconds // unit}{name}{rest}{smaller_name}" if rest else f"{seconds // unit}{name}"

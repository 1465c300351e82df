"""Kubernetes' MicroTime: RFC 3339 in UTC with microseconds, as Go writes it.

Clients in other languages leave the fraction out when it is zero, or send their own zone. Both are understood and
written the one way; whoever compares texts then compares times.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from porch.errors import FieldError, invalid

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def moment(text: str | None) -> datetime | None:
    """The time in an RFC 3339 text; None when it is none. Nanoseconds are dropped."""
    if not text or not _RFC_3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def micro(text: str | None) -> str | None:
    """A time with microseconds; what is no time is left for `time_errors` to name."""
    found = moment(text)
    return micro_text(found) if found else text or None


def micro_text(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def time_errors(path: str, text: str | None) -> list[FieldError]:
    if text is None or moment(text):
        return []
    return [invalid(path, text, "must be a time in RFC 3339, like 2025-01-02T03:04:05.000000Z")]


def seconds(text: str | None) -> str | None:
    """A time with whole seconds; what is no time is left for `time_errors` to name."""
    found = moment(text)
    return seconds_text(found) if found else text or None


def seconds_text(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

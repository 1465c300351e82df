"""Times of commits as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime

_LAST = 253_402_300_799  # the end of the year 9999: histories contain anything


def timestamp(seconds: int) -> str:
    """Seconds since the epoch as RFC 3339 in UTC: `2026-11-23T06:41:12Z`."""
    return datetime.fromtimestamp(min(seconds, _LAST), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

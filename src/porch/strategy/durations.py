"""Durations as Go writes them: 30m, 1h30m, 90s, 500ms."""

from __future__ import annotations

import re

_PART = re.compile(r"([0-9]+(?:[.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"[-+]?(?:0|(?:{_PART.pattern})+)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_MAX_LENGTH = 64


def duration_seconds(text: str) -> float | None:
    """None when it is no duration."""
    if len(text) > _MAX_LENGTH or not _WHOLE.fullmatch(text):
        return None
    total = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    return -total if text.startswith("-") else total

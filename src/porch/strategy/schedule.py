"""The syntax of `spec.sync.schedule`: five cron fields, `@hourly` and its kin, `@every 10m`, a time zone in front."""

from __future__ import annotations

import re

_DESCRIPTORS = {"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}
_ZONE = re.compile(r"(?:CRON_)?TZ=[A-Za-z0-9_+/-]+\s+")
_EVERY = re.compile(r"@every\s+(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of month", 1, 31, []),
    ("month", 1, 12, ["", *_MONTHS]),
    ("day of week", 0, 6, _DAYS),
)
_MAX_LENGTH = 256


def schedule_problem(text: str) -> str:
    """What is wrong with a schedule; empty when nothing is."""
    if len(text) > _MAX_LENGTH:
        return f"must be no more than {_MAX_LENGTH} characters"
    rest = _ZONE.sub("", text.strip(), count=1)
    if rest.startswith("@"):
        known = rest in _DESCRIPTORS or _EVERY.fullmatch(rest)
        return "" if known else "unknown descriptor: use @hourly, @daily, @weekly, @monthly, @yearly or @every 10m"
    words = rest.split()
    if len(words) != len(_FIELDS):
        return "must have five fields, like '*/10 * * * *': minute, hour, day of month, month, day of week"
    for word, (name, low, high, names) in zip(words, _FIELDS, strict=True):
        if not all(_in_range(item, low, high, names) for item in word.split(",")):
            return f"{name} {word!r} is not *, a number from {low} to {high}, a range, a step or a list of these"
    return ""


def _in_range(item: str, low: int, high: int, names: list[str]) -> bool:
    span, slash, step = item.partition("/")
    if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
        return False
    if span in {"*", "?"}:
        return True
    ends = [_number(end, names) for end in span.split("-")]
    return len(ends) <= 2 and all(low <= end <= high for end in ends) and ends == sorted(ends)


def _number(text: str, names: list[str]) -> int:
    """-1 when it is neither a number nor one of the names."""
    if text.lower() in names[-12:] and text:
        return names.index(text.lower())
    return int(text) if text.isascii() and text.isdigit() else -1

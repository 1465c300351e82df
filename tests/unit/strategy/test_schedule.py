"""Schedules: what is due next is the first time whose clock reading matches, whatever the clocks of a zone do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.strategy.schedule import parse_schedule, schedule_problem

_ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",  # 5:45
    "Australia/Lord_Howe",  # summer time is half an hour
    "America/St_Johns",  # changed at one minute past midnight
    "America/Sao_Paulo",  # changed at midnight
    "Pacific/Apia",  # left out a day
)


def _after(text: str, when: str) -> str:
    found = parse_schedule(text).after(datetime.fromisoformat(when))
    return found.strftime("%Y-%m-%dT%H:%MZ") if found else "never"


@pytest.mark.parametrize(
    ("text", "when", "due"),
    [
        ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01Z"),
        ("* * * * *", "2026-01-01T00:00:59.9Z", "2026-01-01T00:01Z"),
        ("*/20 9 * * *", "2026-01-01T09:20:00Z", "2026-01-01T09:40Z"),
        ("5/20 * * * *", "2026-01-01T09:26:00Z", "2026-01-01T09:45Z"),
        ("0 0 13 * 5", "2026-03-01T00:00:00Z", "2026-03-06T00:00Z"),  # the 13th or a Friday
        ("0 0 */2 * 5", "2026-03-01T00:00:00Z", "2026-03-03T00:00Z"),  # a step is no star
        ("0 0 */1 * 5", "2026-03-01T00:00:00Z", "2026-03-06T00:00Z"),  # but one of 1 is
        ("0 0 1 jan ?", "2026-01-01T00:00:00Z", "2027-01-01T00:00Z"),
        ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00Z"),
        ("0 0 30 2 *", "2026-01-01T00:00:00Z", "never"),
        ("0 0 29 2 *", "2097-01-01T00:00:00Z", "never"),  # not before 2104
        ("0,,30 * * * *", "2026-01-01T00:01:00Z", "2026-01-01T00:30Z"),
        ("@hourly", "2026-01-01T00:01:00Z", "2026-01-01T01:00Z"),
        ("@daily", "2026-01-01T00:01:00Z", "2026-01-02T00:00Z"),
        ("@weekly", "2026-01-01T00:01:00Z", "2026-01-04T00:00Z"),
        ("@monthly", "2026-01-01T00:01:00Z", "2026-02-01T00:00Z"),
        ("@yearly", "2026-01-01T00:01:00Z", "2027-01-01T00:00Z"),
        ("@every 1h30m", "2026-01-01T00:01:00Z", "2026-01-01T01:31Z"),
        ("@every 90m", "2026-01-01T00:01:00.7Z", "2026-01-01T01:31Z"),
        ("@every 0.5h", "2026-01-01T00:01:00Z", "2026-01-01T00:31Z"),
        ("TZ=Asia/Tokyo 0 9 * * *", "2026-01-01T00:01:00Z", "2026-01-02T00:00Z"),
        ("CRON_TZ=Asia/Tokyo @daily", "2026-01-01T00:01:00Z", "2026-01-01T15:00Z"),
        ("TZ=Europe/Berlin 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30Z"),  # not on the 29th
        ("TZ=Europe/Berlin 30 2 * * *", "2026-10-25T00:00:00Z", "2026-10-25T00:30Z"),  # twice on the 25th
        ("TZ=Europe/Berlin 30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30Z"),
        ("TZ=Europe/Berlin 30 2 * * *", "2026-10-25T01:30:00Z", "2026-10-26T01:30Z"),
    ],
)
def test_the_next_time(text: str, when: str, due: str) -> None:
    assert _after(text, when) == due


@pytest.mark.parametrize("text", ["@every 0", "@every 0.1s", "@every 5ns", "@every 999ms"])
def test_nothing_is_due_more_often_than_each_second(text: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_schedule(text).after(start) == start + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("TZ=Nowhere/Atall * * * * *", "is not known here"),
        ("TZ=America * * * * *", "is not known here"),
        ("TZ=../../etc/passwd * * * * *", "is not known here"),
        ("TZ=UTC", "behind the time zone"),
        ("@every -1h", "needs a duration"),
        ("@every 1.2.3h", "needs a duration"),
        ("@every  5m", "needs a duration"),
        ("@every 9000h", "no more than a year"),
        ("@Hourly", "unknown descriptor"),
        ("* * * * 7", "day of week '7'"),
        ("99999999 * * * *", "minute '99999999'"),
        (", * * * *", "names nothing"),
    ],
)
def test_what_is_no_schedule_is_told(text: str, problem: str) -> None:
    assert problem in schedule_problem(text)


@st.composite
def _item(draw: st.DrawFn, low: int, high: int) -> str:
    start = draw(st.integers(low, high))
    end = draw(st.integers(start, high))
    step = draw(st.integers(1, 9))
    return draw(st.sampled_from(["*", f"{start}", f"{start}-{end}", f"*/{step}", f"{start}-{end}/{step}"]))


@st.composite
def _fields(draw: st.DrawFn) -> list[str]:
    ranges = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
    return [",".join(draw(st.lists(_item(low, high), min_size=1, max_size=2))) for low, high in ranges]


def _values(text: str, low: int, high: int) -> set[int]:
    """Said once more, in other words than the code's."""
    found = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        found |= {n for n in range(int(first), int(last or first) + 1) if (n - int(first)) % int(step or 1) == 0}
    return found


class _Model:
    """The rules of cron, for one reading of a clock."""

    def __init__(self, fields: list[str]) -> None:
        ranges = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
        self._sets = [_values(text, *limits) for text, limits in zip(fields, ranges, strict=True)]
        self._starred = any(item in {"*", "*/1"} for text in (fields[2], fields[4]) for item in text.split(","))

    def matches(self, reading: datetime) -> bool:
        minutes, hours, days, months, weekdays = self._sets
        if not (reading.minute in minutes and reading.hour in hours and reading.month in months):
            return False
        found = reading.day in days, reading.isoweekday() % 7 in weekdays
        return all(found) if self._starred else any(found)


# Near the changes of these zones' clocks, and anywhere.
_CHANGES = [
    "2026-03-29T00:30Z", "2026-10-25T00:30Z", "2026-03-08T06:00Z", "2026-11-01T05:00Z", "2025-10-04T15:00Z",
    "2026-04-04T14:30Z", "2010-11-07T02:00Z", "2018-02-18T01:00Z", "2018-11-04T02:00Z", "2011-12-30T09:00Z",
]  # fmt: skip
_TIMES = st.one_of(
    st.integers(946_684_800, 1_900_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.builds(
        lambda near, minutes: datetime.fromisoformat(near) + timedelta(minutes=minutes),
        st.sampled_from(_CHANGES),
        st.integers(-2000, 500),
    ),
)
_HORIZON = timedelta(hours=30)


@settings(max_examples=80, deadline=None)
@given(fields=_fields(), zone=st.sampled_from(_ZONES), start=_TIMES)
def test_the_next_time_is_the_first_minute_whose_reading_matches(fields: list[str], zone: str, start: datetime) -> None:
    found = parse_schedule(f"TZ={zone} {' '.join(fields)}").after(start)
    end = min(found, start + _HORIZON) if found is not None else start + _HORIZON
    minute = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
    model = _Model(fields)
    while minute < end:
        assert not model.matches(minute.astimezone(ZoneInfo(zone))), minute
        minute += timedelta(minutes=1)
    if found is not None:
        assert found > start
        assert model.matches(found.astimezone(ZoneInfo(zone)))


@given(start=_TIMES, seconds=st.integers(1, 10**6))
def test_every_so_often_keeps_its_distance(start: datetime, seconds: int) -> None:
    found = parse_schedule(f"@every {seconds}s").after(start)
    assert found is not None
    assert timedelta(0) <= start + timedelta(seconds=seconds) - found < timedelta(seconds=1)

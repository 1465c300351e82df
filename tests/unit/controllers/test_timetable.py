"""When a Repository is synchronised next: by its schedule, its one time, the server's interval; and after failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from porch.controllers.timetable import RETRY_MOST_SECONDS, RETRY_SECONDS, Timetable, share
from porch.errors import BadRequest, ServiceUnavailable
from porch.types.meta import ObjectMeta
from porch.types.repository import Repository, RepositorySpec, RepositoryStatus, RepositorySync

_NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
_TABLE = Timetable(60)
_AWAY = ServiceUnavailable()


def _repository(schedule: str = "", once: str | None = None, *, uid: str = "u", done: str | None = None) -> Repository:
    sync = RepositorySync(schedule=schedule, run_once_at=once) if schedule or once else None
    status = RepositoryStatus(observed_run_once_at=done)
    return Repository(metadata=ObjectMeta(name="r", uid=uid), spec=RepositorySpec(sync=sync), status=status)


def _seconds(obj: Repository) -> float:
    return (_TABLE.next(obj, _NOW) - _NOW).total_seconds()


def test_without_a_schedule_the_servers_interval_counts() -> None:
    assert 60 <= _seconds(_repository()) <= 66


def test_a_schedule_counts_with_a_share_of_a_minute_behind_it() -> None:
    due = _TABLE.next(_repository("0 13 * * *"), _NOW)
    assert timedelta(0) <= due - datetime(2026, 3, 1, 13, 0, tzinfo=UTC) <= timedelta(minutes=1)


def test_a_schedule_that_is_never_due_leaves_the_servers_interval() -> None:
    assert 60 <= _seconds(_repository("0 0 30 2 *")) <= 66


def test_the_one_time_goes_before_the_schedule_and_nothing_else_is_due_until_then() -> None:
    once = "2026-03-01T15:00:00+01:00"
    assert _TABLE.next(_repository("* * * * *", once), _NOW) == datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
    assert _TABLE.next(_repository("", once), _NOW) == datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
    assert _seconds(_repository("", once, done=once)) <= 66


def test_a_one_time_that_is_past_and_was_not_done_is_due_now() -> None:
    assert _TABLE.next(_repository("@yearly", "2026-01-01T00:00:00Z"), _NOW) == _NOW


@given(uid=st.uuids().map(str), seconds=st.integers(1, 100_000))
def test_jitter_is_the_same_for_each_repository_and_bounded(uid: str, seconds: int) -> None:
    obj = _repository(f"@every {seconds}s", uid=uid)
    late = _TABLE.next(obj, _NOW) - _NOW - timedelta(seconds=seconds)
    assert timedelta(0) <= late <= timedelta(seconds=min(60.0, seconds / 10))
    assert _TABLE.next(obj, _NOW) == _TABLE.next(obj, _NOW)


def test_many_with_one_schedule_are_spread() -> None:
    shares = sorted(share(f"7d1f1f1e-0000-4000-8000-{number:012}") for number in range(200))
    assert max(after - before for before, after in pairwise(shares)) < 0.1


def test_a_remote_that_is_gone_for_an_hour_is_asked_again_ever_later_and_then_steadily() -> None:
    now, asked = _NOW, list[datetime]()
    while now < _NOW + timedelta(hours=1):
        asked.append(now)
        now = Timetable(3600).retry(_repository(), now, len(asked), _AWAY)
    pauses = [(after - before).total_seconds() for before, after in pairwise(asked)]
    assert pauses == sorted(pauses)
    assert RETRY_SECONDS <= pauses[0] <= RETRY_SECONDS * 1.1
    assert pauses[-1] <= RETRY_MOST_SECONDS * 1.1
    assert 12 <= len(asked) <= 17
    assert now - asked[-1] <= timedelta(seconds=RETRY_MOST_SECONDS * 1.1)  # so it is seen soon after it is back


def test_a_remote_that_refuses_is_asked_again_after_minutes() -> None:
    again = Timetable(3600).retry(_repository(), _NOW, 1, BadRequest())
    assert again - _NOW >= timedelta(seconds=RETRY_MOST_SECONDS)


def test_what_the_server_itself_lacks_is_tried_again_when_it_says_so_then_ever_later() -> None:
    full = ServiceUnavailable("the disk is full", retry_after=5)
    pauses = [(_TABLE.retry(_repository(), _NOW, count, full) - _NOW).total_seconds() for count in range(1, 6)]
    assert pauses == sorted(pauses)
    assert 5 <= pauses[0] <= 5.5
    assert 60 <= pauses[-1] <= 66


def test_the_one_time_goes_before_the_pause_after_a_failure() -> None:
    once = "2026-03-01T12:00:35Z"
    assert Timetable(3600).retry(_repository("", once), _NOW, 1, _AWAY) == datetime.fromisoformat(once)


def test_a_failure_of_a_repository_that_is_not_known_is_no_error() -> None:
    assert _TABLE.retry(None, _NOW, 50, _AWAY) > _NOW

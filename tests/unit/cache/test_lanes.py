"""A lane bounds what one remote can cost: places to run, places to wait, and waiting in vain only once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from porch.cache import lanes
from porch.cache.lanes import Lane, Lanes
from porch.errors import ServiceUnavailable, TooManyRequests


def test_one_location_is_one_lane() -> None:
    made = Lanes(1, 1)
    assert made.of("a") is made.of("a")
    assert made.of("a") is not made.of("b")


def test_who_finds_no_place_is_told_to_come_back() -> None:
    lane, inside, leave = Lane(running=1, waiting=1), Barrier(2), Event()

    def work() -> None:
        with lane.enter():
            inside.wait(20)
            leave.wait(20)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(work)
        inside.wait(20)  # one runs
        assert lane._places.acquire(timeout=20)  # and one waits
        with pytest.raises(TooManyRequests) as caught, lane.enter():
            pytest.fail("there was no place")
        assert caught.value.retry_after
        lane._places.release()
        leave.set()
        first.result(20)
    with lane.enter():
        pass


def test_a_remote_that_refuses_at_once_is_asked_again() -> None:
    lane = Lane(1, 1)
    with pytest.raises(ServiceUnavailable), lane.enter():
        raise ServiceUnavailable("connection refused")
    with lane.enter():
        pass


def test_after_waiting_in_vain_only_the_patient_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_SLOW_SECONDS", -1.0)
    lane = Lane(1, 1)
    with pytest.raises(ServiceUnavailable), lane.enter():
        raise ServiceUnavailable("no answer")
    with pytest.raises(ServiceUnavailable, match="no answer"), lane.enter():
        pytest.fail("somebody has just waited in vain")
    with lane.enter(patient=True):
        pass
    with lane.enter():
        pass

"""Group commit: what waits while one works goes in the next group, and nobody waits for a timer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from porch.cache.turns import Turns

SECONDS = 20


@dataclass
class Job:
    name: str
    size: int = 1
    done: bool = False


class Worker:
    """Does what it is given; the first group waits until the test lets it go on."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.begun, self.go_on = threading.Event(), threading.Event()

    def work(self, jobs: Sequence[Job]) -> None:
        self.groups.append([job.name for job in jobs])
        if len(self.groups) == 1:
            self.begun.set()
            assert self.go_on.wait(SECONDS)
        for job in jobs:
            job.done = True


def grouped(limit: int, jobs: list[Job]) -> list[list[str]]:
    """The first job is worked on while the others come, in their order."""
    turns, worker = Turns[Job](limit), Worker()
    with ThreadPoolExecutor(len(jobs)) as threads:
        first = threads.submit(turns.take, jobs[0], worker.work)
        assert worker.begun.wait(SECONDS)
        others = []
        for number, job in enumerate(jobs[1:], 1):
            others.append(threads.submit(turns.take, job, worker.work))
            _wait_for(turns, number)
        worker.go_on.set()
        for taken in (first, *others):
            taken.result(SECONDS)
    assert all(job.done for job in jobs)
    return worker.groups


def _wait_for(turns: Turns[Job], waiting: int) -> None:
    deadline = threading.Event()
    timer = threading.Timer(SECONDS, deadline.set)
    timer.start()
    while len(turns._waiting) < waiting:
        assert not deadline.is_set(), "the job does not queue"
    timer.cancel()


def test_who_comes_alone_is_worked_on_at_once() -> None:
    worker = Worker()
    worker.go_on.set()
    Turns[Job](10).take(Job("a"), worker.work)
    assert worker.groups == [["a"]]


def test_what_waits_goes_together() -> None:
    jobs = [Job(name) for name in "abcd"]
    assert grouped(10, jobs) == [["a"], ["b", "c", "d"]]


def test_a_group_is_no_larger_than_the_limit() -> None:
    jobs = [Job("a"), Job("b", 2), Job("c", 2), Job("d", 1), Job("e", 3)]
    assert grouped(4, jobs) == [["a"], ["b", "c"], ["d", "e"]]


def test_what_is_larger_than_the_limit_goes_alone() -> None:
    jobs = [Job("a"), Job("b", 9), Job("c"), Job("d")]
    assert grouped(3, jobs) == [["a"], ["b"], ["c", "d"]]


def test_an_error_of_the_work_reaches_whoever_had_the_turn() -> None:
    def fails(jobs: Sequence[Job]) -> None:
        for job in jobs:
            job.done = True
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Turns[Job](1).take(Job("a"), fails)

"""Rounds of work and sudden death: clients write, the server is killed, started again, and asked what it knows.

Each round draws from its seed what the clients do and where the server dies: at a fault point, or at any moment. What
follows must hold after each: what was acknowledged is there; what was refused or lost is whole or nothing; what was
cloned or upgraded has the content of the published revision that its lock names; API and git agree; no tag ever moves;
a watch that goes on where it was sees each change once and in order, or 410; resourceVersions never go back; no intent
stays open; `git fsck` is silent.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from porch.observe.faults import POINTS
from tests.chaos.derived import Derived, publish_blueprints
from tests.chaos.informer import Informer
from tests.chaos.subjects import MAPS, Map, Registration, Revision, Subject
from tests.scenario.running import REPOSITORIES, REVISIONS, SECONDS, Api, Json, Lost, Porch, register, synchronise
from tests.support.githttp import GitHttp, git

CLIENTS = 4
WRITES = 25
"""Of one client in one round, if the server lets it."""
_LATE = {"planned": 30, "intent-recorded": 30, "pushed": 30, "indexed": 30, "ref-moved": 20}
_COMMITS = {"committing": 150, "committed": 150}
_GOING = "DeletionProposed"
_ELSEWHERE = {"backup-copied", "restore-unpacked"}
"""Points of other commands than `porch up`."""


@dataclass
class Client:
    """One user with objects of its own, so that it knows what to find."""

    number: int
    subjects: list[Subject]
    said: list[str] = field(default_factory=list)
    died: bool = False
    broken: BaseException | None = None

    def work(self, api: Api, chance: random.Random, mark: str) -> None:
        try:
            for number in range(WRITES):
                subject = chance.choice(self.subjects)
                before = subject.state
                try:
                    what, becomes, answer = subject.write(api, chance, f"{mark}-{number}")
                    self.said.append(f"client {self.number}: {what}: {before} -> {becomes}: {answer.code}")
                except Lost:
                    self.said.append(f"client {self.number}: {subject.path}: {subject.states}: lost")
                    self.died = True
                    return
        except BaseException as error:  # noqa: BLE001 - told by the round
            self.broken = error


class Chaos:
    """`with Chaos(directory, seed) as chaos: chaos.round(1)`."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.seed = seed
        self.reached: Counter[str] = Counter()
        self.rounds = self.writes = self.lost = 0
        (directory / "remote").mkdir()
        self.remote = GitHttp(directory / "remote")
        self.porch = Porch(directory / "data", "--history", "300", "--sync-interval", "2")
        self.informers = [Informer(path) for path in (REVISIONS, MAPS, REPOSITORIES)]
        self.clients = [Client(number, _subjects(number)) for number in range(CLIENTS)]
        self.said: list[str] = []
        self.tags: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.remote.__enter__()
        api = self.porch.launch()
        register(api, "here", "hosted:///here")
        address = self.remote.create("there")
        register(api, "there", address)
        locks = publish_blueprints(api, "here") | publish_blueprints(api, "there")
        for client in self.clients:
            client.subjects += [Derived(where, f"d{client.number}", locks, address) for where in ("here", "there")]
        return self

    def __exit__(self, *_: object) -> None:
        self.porch.end()
        self.remote.__exit__(None, None, None)

    @property
    def relisted(self) -> int:
        return sum(informer.relisted for informer in self.informers)

    def run(self, rounds: int, points: list[str] | None = None, *, told: Callable[[], object] = lambda: None) -> None:
        """Calls `told` after each round. Raises AssertionError with the seed and all that was done."""
        order = points or sorted(POINTS.keys() - _ELSEWHERE)
        random.Random(f"{self.seed}").shuffle(order)
        for number in range(rounds):
            chance = random.Random(f"{self.seed}/{number}")
            point = order[number // 2 % len(order)] if number % 2 == 0 else ""
            try:
                self.round(number, point, chance)
            except BaseException as error:
                history = "\n".join(self.said)
                error.add_note(f"seed {self.seed}, round {number}, dies at {point or 'a random moment'}\n{history}")
                error.add_note(self._log())
                raise
            told()

    def round(self, number: int, point: str, chance: random.Random) -> None:
        self.said = [f"round {number}"]
        fault = f"{point}:{chance.randint(1, (_LATE | _COMMITS).get(point, 2))}" if point else ""
        self.porch.end()
        try:
            api = self.porch.launch(fault)
        except RuntimeError:  # it died while it started
            self._count(point)
            api = self.porch.launch()
        self._work(api, number, chance, None if point else chance.uniform(0.05, 1.5))
        if any(client.died for client in self.clients):
            number_of_end = self.porch.died()
            assert number_of_end == signal.SIGKILL, f"the server ended by {number_of_end}: {self._log()}"
            self._count(point or "a random moment")
        self.porch.end()
        self.remote.wait_until_left()  # a push whose sender died goes on, and nobody could know how it will end
        self._check(self.porch.launch())
        self.rounds += 1

    def _log(self) -> str:
        return self.porch.log.read_text()[-8000:]

    def _count(self, point: str) -> None:
        self.reached[point] += 1
        self.said.append(f"the server died at {point}")

    def _work(self, api: Api, number: int, chance: random.Random, moment: float | None) -> None:
        threads = []
        for client in self.clients:
            client.died, client.said = False, []
            dice = random.Random(chance.random())
            threads.append(threading.Thread(target=client.work, args=(api, dice, f"r{number}c{client.number}")))
        watchers = [threading.Thread(target=self._watch, args=(informer, api)) for informer in self.informers]
        killer = threading.Timer(moment, self.porch.process.kill) if moment is not None else None
        for thread in [*watchers, *threads, *([killer] if killer else [])]:
            thread.start()
        for thread in threads:
            thread.join()
        if killer:
            killer.join()
            self.porch.process.wait(SECONDS)
        if self.porch.process.poll() is None and not any(client.died for client in self.clients):
            self.porch.process.kill()
        for thread in watchers:
            thread.join()
        for client in self.clients:
            self.said += client.said
            self.writes += len(client.said)
            self.lost += client.died
            if client.broken is not None:
                raise client.broken

    def _watch(self, informer: Informer, api: Api) -> None:
        try:
            informer.follow(api, 60)
        except Lost:
            return
        except BaseException as error:  # noqa: BLE001 - told by the round
            self.clients[0].broken = error

    def _check(self, api: Api) -> None:
        for name in ("here", "there"):
            synchronise(api, name)
        for client in self.clients:
            for subject in client.subjects:
                found = subject.observe(api)
                assert found in subject.states, f"{subject.path} is {found}, can be {subject.states}"
                subject.states = [found]
        self._agrees_with_git(api)
        for informer in self.informers:
            informer.agree(api)
        with closing(sqlite3.connect(f"file:{self.porch.data}/porch.db?mode=ro", uri=True)) as db:
            left = list(db.execute("SELECT id, repository FROM intents WHERE applied = 0"))
        assert not left, f"intents stay open: {left}"

    def _agrees_with_git(self, api: Api) -> None:
        items = api.do("GET", REVISIONS)["items"]
        for name, truth in (("here", self.porch.hosted("default", "here")), ("there", self.remote.path("there"))):
            agree_with_git(items, name, truth)
            self._tags_stay(name, truth)
            git("fsck", "--full", "--strict", cwd=truth)

    def _tags_stay(self, name: str, truth: Path) -> None:
        """A tag is what it was when it was first seen, or gone."""
        for line in git("for-each-ref", "--format=%(refname) %(objectname)", "refs/tags", cwd=truth).splitlines():
            ref, target = line.split()
            assert self.tags.setdefault(f"{name}/{ref}", target) == target, f"{ref} of {name} has moved"
            git("merge-base", "--is-ancestor", target, "main", cwd=truth)


def agree_with_git(items: list[Json], repository: str, truth: Path) -> None:
    """The package revisions `items` are those that a git repository has, but for those on its branch."""
    kinds = ("refs/heads/drafts", "refs/heads/proposed", "refs/tags")
    listed = git("for-each-ref", "--format=%(refname) %(objectname)", *kinds, cwd=truth).splitlines()
    found = [line.removeprefix("refs/heads/").removeprefix("refs/tags/") for line in listed]
    ours = [item for item in items if item["spec"]["repository"] == repository and item["spec"].get("revision", 0) >= 0]
    locks = [item["status"]["selfLock"]["git"] for item in ours]
    shown = {f"{lock['ref']} {lock['commit']}" for lock in locks}
    assert shown == set(found), f"{repository}: only the API has {shown - set(found)}, only git {set(found) - shown}"
    going = {f"{item['status']['selfLock']['git']['ref']}" for item in ours if item["spec"]["lifecycle"] == _GOING}
    marks = git("for-each-ref", "--format=%(refname:lstrip=3)", "refs/heads/deletionProposed", cwd=truth).split()
    assert sorted(going) == sorted(marks), repository


def _subjects(client: int) -> list[Subject]:
    found: list[Subject] = [Map(f"c{client}-{number}") for number in range(2)]
    found += [Revision(where, f"c{client}-{number}") for where in ("here", "there") for number in range(2)]
    return [*found, Registration(f"extra-{client}")]

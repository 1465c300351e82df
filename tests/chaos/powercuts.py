"""One run of clients on a disk that remembers, and power cuts at any moment of it.

The server works once, on a disk whose every change is in a journal (disk.py). A cut is a moment of the journal and a
way of losing what was not synced; what is left becomes a data directory, on which a real server starts. What must hold
then: all that was acknowledged before the moment is there; what was under way is there or not; nothing else is; API and
git agree, and both are whole; no number of the sequence comes twice; and clients that repeat what they were doing when
the power went get what they want.
"""

from __future__ import annotations

import random
import signal
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.branch import Branch
from tests.chaos.disk import Disk, DiskAt, Survives
from tests.chaos.harness import agree_with_git
from tests.chaos.subjects import Map, Registration, Revision, State, Subject
from tests.scenario.running import REPOSITORIES, REVISIONS, Api, Porch, register, synchronise
from tests.support.githttp import git

CLIENTS = 3
HOSTED = "here"


@dataclass(frozen=True)
class Step:
    """A write: sent at one moment, answered at another, and the state behind it; drawn from `dice`."""

    sent: int
    answered: int
    state: State | None
    version: int
    dice: str


@dataclass
class Client:
    subjects: list[Subject]
    steps: dict[str, list[Step]] = field(default_factory=dict)
    broken: BaseException | None = None

    def work(self, api: Api, disk: Disk, seed: str, writes: int) -> None:
        try:
            chance = random.Random(seed)
            for number in range(writes):
                subject = chance.choice(self.subjects)
                self.steps.setdefault(subject.path, []).append(_write(subject, api, disk, f"{seed}n{number}"))
        except BaseException as error:  # noqa: BLE001 - told by the run
            self.broken = error


def _write(subject: Subject, api: Api, disk: Disk, dice: str) -> Step:
    sent = disk.moment
    what, _, answer = subject.write(api, random.Random(dice), dice)
    assert answer.code < 500, f"{what}: {answer.text!r}"
    version = answer.json.get("metadata", {}).get("resourceVersion", "") if answer.code < 300 else ""
    return Step(sent, disk.moment, subject.state, int(version or 0), dice)


class PowerCuts:
    """`PowerCuts(directory, seed)`, then `run`, then `cut` as often as wanted."""

    def __init__(self, directory: Path, seed: int) -> None:
        self.seed = seed
        self._directory = directory
        self._disk = Disk(directory / "disk")
        self._porch = Porch(self._disk.directory / "data")
        self._clients = [Client(list(self._subjects(number))) for number in range(CLIENTS)]
        self._registered = 0

    def _subjects(self, client: int) -> Iterator[Subject]:
        yield Map(f"c{client}")
        yield from (Revision(HOSTED, f"c{client}-{number}") for number in range(2))
        yield Registration(f"extra-{client}")
        yield Branch(f"c{client}", HOSTED, self._porch, self._directory)

    def run(self, writes: int) -> None:
        """Each client sends so many writes. The journal has missed nothing, or AssertionError."""
        api = self._disk.launch(self._porch)
        register(api, HOSTED, f"hosted:///{HOSTED}")
        self._registered = self._disk.moment
        threads = [
            threading.Thread(target=client.work, args=(api, self._disk, f"s{self.seed}c{number}", writes))
            for number, client in enumerate(self._clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for client in self._clients:
            if client.broken is not None:
                raise client.broken
        self._porch.end(signal.SIGTERM)
        at = self._disk.at_first()
        at.go_on(self._disk.moment)
        missed = [name for name in at.differences(self._disk.directory) if not name.startswith("data-home")]
        assert not missed, f"the journal has missed changes: {missed}"

    def cut(self, count: int) -> None:
        """Draws moments from the seed and cuts at them. A cut that breaks something says which it was."""
        chance = random.Random(f"{self.seed}")
        moments = [moment for moment, _ in self._disk.records()]
        answered = [step.answered for client in self._clients for steps in client.steps.values() for step in steps]
        drawn = sorted(chance.choice(answered if number % 2 else moments) for number in range(count))
        at = self._disk.at_first()
        for number, moment in enumerate(drawn):
            at.go_on(moment)
            how, survives = _way(number, random.Random(f"{self.seed}/{number}"), at.number)
            try:
                with self._after(at, survives, self._directory / f"cut{number}") as porch:
                    self._check(porch, moment)
            except BaseException as error:
                error.add_note(f"seed {self.seed}, cut {number} at {moment}: {how}")
                raise

    @contextmanager
    def _after(self, at: DiskAt, survives: Survives, directory: Path) -> Iterator[Porch]:
        at.leave(survives, directory)
        porch = Porch(directory / "data")
        try:
            porch.launch()
            yield porch
        finally:
            porch.end()

    def _check(self, porch: Porch, moment: int) -> None:
        api = porch.api
        if moment >= self._registered:
            synchronise(api, HOSTED)
        for client in self._clients:
            for subject in client.subjects:
                if isinstance(subject, Branch):
                    subject.porch = porch
                found, possible = subject.observe(api), _states(client.steps.get(subject.path, []), moment)
                assert found in possible, f"{subject.path} is {found}, can be {possible}"
                subject.states = [found]
        self._is_whole(porch, moment)
        if moment >= self._registered:
            self._repeat(porch, moment)
            self._is_whole(porch, moment)

    def _is_whole(self, porch: Porch, moment: int) -> None:
        answer = porch.api.do("GET", REVISIONS)
        told = [step.version for client in self._clients for step in _before(client, moment)]
        assert int(answer["metadata"]["resourceVersion"]) >= max(told, default=0), "the sequence went back"
        if HOSTED in porch.api.names(REPOSITORIES):
            repository = porch.hosted("default", HOSTED)
            agree_with_git(answer["items"], HOSTED, repository)
            _reads_whole(repository)
        with closing(sqlite3.connect(f"file:{porch.data}/porch.db?mode=ro", uri=True)) as db:
            assert list(db.execute("PRAGMA integrity_check")) == [("ok",)]

    def _repeat(self, porch: Porch, moment: int) -> None:
        """Each client sends again what it was doing, or what it did next."""
        for client in self._clients:
            for subject in client.subjects:
                steps = client.steps.get(subject.path, [])
                dice = next((step.dice for step in steps if step.answered > moment), None)
                if dice is not None:
                    _, _, answer = subject.write(porch.api, random.Random(dice), dice)
                    assert answer.code < 500, answer.text
                    found = subject.observe(porch.api)
                    assert found in subject.states, f"{subject.path} is {found}, can be {subject.states}"


def _reads_whole(repository: Path) -> None:
    """A clone takes all that refs lead to, and checks it. Torn objects that nothing leads to may be there: nobody was
    told of them.
    """
    with tempfile.TemporaryDirectory() as scratch:
        checks = ["-c", "fetch.fsckObjects=true"]
        git(*checks, "clone", "--quiet", "--mirror", "--no-local", str(repository), scratch, cwd=repository)


def _before(client: Client, moment: int) -> Iterator[Step]:
    return (step for steps in client.steps.values() for step in steps if step.answered <= moment)


def _states(steps: list[Step], moment: int) -> list[State | None]:
    """What the object can be after a cut at the moment: the last that was acknowledged, or what was under way."""
    sure: State | None = None
    for step in steps:
        if step.answered <= moment:
            sure = step.state
        else:
            return [sure, step.state] if step.sent < moment else [sure]
    return [sure]


def _way(number: int, chance: random.Random, changes: int) -> tuple[str, Survives]:
    match number % 4:
        case 0:
            return "nothing unsynced survives", lambda _: False
        case 1:
            last = changes - chance.randrange(200)
            return f"what was done until change {last} survives", lambda change: change <= last
        case _:
            share = chance.choice([0.3, 0.7, 0.95])
            return f"{share:.0%} of what is unsynced survives", lambda _: chance.random() < share

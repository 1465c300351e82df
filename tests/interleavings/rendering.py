"""Interleavings of saves, renders and approvals: whatever happens at once, only what was rendered is published.

Each *lane* works through one package after the other on a server that all lanes share. A package's deeds come in bursts
of threads that begin together: clients, people with git, somebody who changes the function's code, a server that dies.
After each burst git alone says whether everything that must be so is so; what was rendered is known from the functions.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from tests.interleavings.drawing import Burst, Deed, draw
from tests.interleavings.programs import Data, Program, data_of, resource
from tests.interleavings.world import World
from tests.scenario.running import RESOURCES, REVISIONS, Answer, revision
from tests.support.githttp import git

WORKSPACE = "w"
NAMESPACE = "set-namespace:v0.4.5"
STARLARK = "starlark:v0.5.5"
ALLOWED = {200, 201, 404, 409, 422, 503, 504}
_GATE_SECONDS, _LONG_SECONDS = 0.1, 1.6
_MARK = re.compile(r"^\+.*mark: (\S+)$", re.MULTILINE)
_FUNCTION = "  - image: {}\n"
_IN_PROD = f"  - image: {NAMESPACE}\n    configMap:\n      namespace: prod\n"
_FAILING = f"  - image: {STARLARK}\n    configMap:\n      source: fail('not today')\n"
_PUSHED = "porch.kpt.dev/push-on-render-failure"
_CANCELLED = "porch.kpt.dev/cancel-render"


@dataclass
class State:
    """What git shows of a package: one ref, and what lies there."""

    ref: str = ""
    commit: str = ""
    tree: str = ""

    @property
    def lifecycle(self) -> str:
        kinds = {"refs/heads/drafts/": "Draft", "refs/heads/proposed/": "Proposed", "refs/tags/": "Published"}
        return next((name for start, name in kinds.items() if self.ref.startswith(start)), "")


@dataclass
class Happened:
    """In one burst."""

    answers: list[tuple[str, int]] = field(default_factory=list)
    saved: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)
    windows: list[tuple[float, float]] = field(default_factory=list)
    replaced: bool = False
    pushed: bool = False


@dataclass
class Lane:
    world: World
    repository: str
    program: Program
    codes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.truth: Path = self.world.truths[self.repository]
        self.pool = ThreadPoolExecutor(4)
        self.deeds: dict[str, Callable[[Deed, str], None]] = {
            "save": self.save, "try-save": self.try_save, "propose": self.propose, "reject": self.reject,
            "approve": self.approve, "try-approve": self.try_approve, "change-code": self.change_code,
            "push": self.push, "synchronise": self.synchronise, "keep-failures": self.keep_failures,
            "cancel": self.cancel, "forget": self.forget, "label": self.label, "replace": self.replace,
            "kill": self.kill,
        }  # fmt: skip
        self.losses = 0

    # --- one interleaving

    def run(self, seed: int, *, kills: float) -> None:
        self.said: list[str] = []
        try:
            self._run(seed, draw(seed, kills=kills))
        except BaseException as error:
            error.add_note(f"seed {seed}\n" + "\n".join(self.said))
            raise

    def _run(self, seed: int, bursts: list[Burst]) -> None:
        self.package = f"p{seed}"
        self.name = f"{self.repository}.{self.package}.{WORKSPACE}"
        self.marks: set[str] = set()
        self.long_windows: list[tuple[float, float]] = []
        self.life, self.dirty = self.world.lives, False
        self.program.become("pass")
        self.state = State()
        self.now = Happened()
        self.create()
        self.state = self.look()
        for number, burst in enumerate(bursts):
            self.burst(number, burst)
        if random.Random(seed).random() < 0.25:
            self.must_go_on()
        self.end()

    def burst(self, number: int, burst: Burst) -> None:
        before, self.now = self.state, Happened(windows=[*self.long_windows])
        self.program.close_gate()
        start = threading.Barrier(len(burst.deeds))
        futures = [
            self.pool.submit(self.deed, deed, f"b{number}d{index}", start) for index, deed in enumerate(burst.deeds)
        ]
        self.said.append(f"{number}: {', '.join(f'{deed.kind} {deed.what}'.strip() for deed in burst.deeds)}")
        self.let_go(futures, _LONG_SECONDS if burst.long else _GATE_SECONDS)
        self.said[-1] += f" -> {', '.join(f'{kind} {code}' for kind, code in self.now.answers)}"
        if self.world.lives != self.life:
            self.settle()
        self.state = self.look()
        self.check(before, alone=len(burst.deeds) == 1)

    def let_go(self, futures: list[Future[None]], seconds: float) -> None:
        """Slow functions end when all others had their time."""
        wait(futures, seconds)
        self.program.open_gate()
        for future in futures:
            future.result()

    def deed(self, deed: Deed, mark: str, start: threading.Barrier) -> None:
        start.wait()
        self.deeds[deed.kind](deed, mark)

    def answered(self, kind: str, answer: Answer | None) -> int:
        """The code, 0 when the server died."""
        code = answer.code if answer is not None else 0
        self.codes[f"{kind} {code or 'lost'}"] += 1
        self.now.answers.append((kind, code))
        assert answer is None or code in ALLOWED, f"{kind}: {code} {answer.text[:500]!r}"
        if answer is None:
            self.dirty = True
        elif code >= 400:
            assert answer.json["kind"] == "Status" and answer.reason, answer.text
        return code

    # --- clients

    def create(self) -> None:
        answer = self.world.send("POST", REVISIONS, revision(self.repository, self.package, WORKSPACE))
        while answer is None:
            answer = self.world.send("POST", REVISIONS, revision(self.repository, self.package, WORKSPACE))
        self.answered("create", answer)

    def files(self, content: str, mark: str) -> dict[str, str]:
        functions = {
            "function": _FUNCTION.format(self.program.image),
            "both": _IN_PROD + _FUNCTION.format(self.program.image),
            "namespace": _IN_PROD,
            "fails": _FAILING,
        }.get(content, "")
        pipeline = f"pipeline:\n  mutators:\n{functions}" if functions else ""
        text = f"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: {self.package}\n{pipeline}"
        made = f"a: [\n# mark: {mark}\n" if content == "broken" else resource(mark)
        return {"Kptfile": text, "map.yaml": made}

    def save(self, deed: Deed, mark: str) -> None:
        self.now.tried.add(mark)
        answer = self.world.patch(f"{RESOURCES}/{self.name}", {"spec": {"resources": self.files(deed.what, mark)}})
        if self.answered("save", answer) == 200:
            self.now.saved.add(mark)

    def try_save(self, deed: Deed, mark: str) -> None:
        wanted = {"spec": {"resources": self.files(deed.what, mark)}}
        self.answered("try-save", self.world.patch(f"{RESOURCES}/{self.name}?dryRun=All", wanted))

    def turn(self, kind: str, lifecycle: str, path: str = "") -> int:
        answer = self.world.patch(f"{REVISIONS}/{self.name}{path}", {"spec": {"lifecycle": lifecycle}})
        return self.answered(kind, answer)

    def propose(self, _: Deed, mark: str) -> None:
        self.turn("propose", "Proposed")

    def reject(self, _: Deed, mark: str) -> None:
        self.turn("reject", "Draft")

    def approve(self, _: Deed, mark: str) -> None:
        since = time.monotonic()
        code = self.turn("approve", "Published", "/approval")
        window = (since, time.monotonic() if code != 504 else float("inf"))
        self.now.windows.append(window)
        if code == 504:
            self.long_windows.append(window)

    def try_approve(self, _: Deed, mark: str) -> None:
        self.turn("try-approve", "Published", "/approval?dryRun=All")

    def keep_failures(self, _: Deed, mark: str) -> None:
        wanted = {"metadata": {"annotations": {_PUSHED: "true"}}}
        self.answered("keep-failures", self.world.patch(f"{REVISIONS}/{self.name}", wanted))

    def label(self, _: Deed, mark: str) -> None:
        wanted = {"metadata": {"labels": {"mark": mark}}}
        self.answered("label", self.world.patch(f"{REVISIONS}/{self.name}", wanted))

    def cancel(self, _: Deed, mark: str) -> None:
        self._once_slow_code_runs()
        wanted = {"metadata": {"annotations": {_CANCELLED: "true"}}}
        self.answered("cancel", self.world.patch(f"{REVISIONS}/{self.name}", wanted))

    def replace(self, _: Deed, mark: str) -> None:
        """Deleted, and made again by the same name."""
        self.now.replaced = True
        code = self.answered("delete", self.world.send("DELETE", f"{REVISIONS}/{self.name}"))
        if code in {0, 200, 404}:
            self.create()

    # --- others

    def change_code(self, deed: Deed, mark: str) -> None:
        self.program.become(deed.what)

    def forget(self, _: Deed, mark: str) -> None:
        self.world.forget()

    def synchronise(self, _: Deed, mark: str) -> None:
        self.world.synchronise(self.repository)

    def push(self, deed: Deed, mark: str) -> None:
        """Somebody with git adds a commit that nobody has rendered."""
        state = self.look()
        if state.lifecycle not in {"Draft", "Proposed"}:
            return
        index = {"GIT_INDEX_FILE": str(self.program.home / f"{mark}.index")}
        git("read-tree", state.commit, cwd=self.truth, env=index)
        for path, text in self.files(deed.what, mark).items():
            blob = git("hash-object", "-w", "--stdin", cwd=self.truth, stdin=text)
            entry = f"100644,{blob},{self.package}/{path}"
            git("update-index", "--add", "--cacheinfo", entry, cwd=self.truth, env=index)
        tree = git("write-tree", cwd=self.truth, env=index)
        commit = git("commit-tree", tree, "-p", state.commit, "-m", mark, cwd=self.truth)
        self.now.tried.add(mark)
        self.now.pushed = self.dirty = True
        try:
            git("update-ref", state.ref, commit, state.commit, cwd=self.truth)
        except AssertionError:
            return  # somebody was faster
        self.now.saved.add(mark)
        self.codes["push done"] += 1

    def kill(self, deed: Deed, mark: str) -> None:
        self._once_slow_code_runs()
        self.codes[f"kill {deed.what}".strip() + " done"] += 1
        self.world.kill(forget=deed.what == "forget")

    def _once_slow_code_runs(self) -> None:
        """If it does not soon, nobody is slow."""
        pause, end = threading.Event(), time.monotonic() + _GATE_SECONDS / 2
        while not self.program.has_started and time.monotonic() < end:
            pause.wait(0.005)

    # --- what must be so

    def settle(self) -> None:
        """After the server has died what was begun is finished, or not, when its Repository was read again."""
        self.life = self.world.lives
        self.world.synchronise(self.repository)
        self.dirty = False
        if self.world.losses != self.losses:
            self.losses = self.world.losses
            self.program.forget()

    def look(self) -> State:
        places = [f"refs/heads/drafts/{self.package}", f"refs/heads/proposed/{self.package}"]
        found = git(
            "for-each-ref", "--format=%(refname) %(objectname)", *places, f"refs/tags/{self.package}", cwd=self.truth
        )
        lines = found.splitlines()
        assert len(lines) <= 1, f"one package revision in several places: {lines}"
        if not lines:
            return State()
        ref, commit = lines[0].split()
        return State(ref, commit, git("rev-parse", f"{commit}:{self.package}", cwd=self.truth))

    def check(self, before: State, *, alone: bool) -> None:
        if self.now.replaced:
            self.marks.clear()
        elif before.lifecycle != "Published":
            self.check_saved(before)
        if before.lifecycle == "Published":
            assert self.state == before, f"what was published has moved: {before} {self.state}"
        elif self.state.lifecycle == "Published":
            self.check_published()
        refused = [code for _, code in self.now.answers if code >= 400]
        if alone and refused:
            assert self.state == before, f"refused with {refused}, and changed: {before} {self.state}"

    def check_saved(self, before: State) -> None:
        """Every save that was acknowledged is in the history of what is there. What is published has its last one."""
        assert self.state.ref, "the package revision is gone"
        if self.state.lifecycle == "Published":
            if self.now.saved:
                mark = next(iter(self.data()), ("",))[0]
                assert mark in self.now.tried, f"{self.now.saved} were saved, published is {mark}"
            elif not self.now.tried:
                assert self.state.tree == before.tree, "published is what nobody proposed"
            return
        self.marks |= self.now.saved
        changes = git("log", "--format=", "-p", "--unified=0", self.state.commit, "--", self.package, cwd=self.truth)
        lost = self.marks - set(_MARK.findall(changes))
        assert not lost, f"saved and lost: {lost}"

    def data(self) -> set[Data]:
        return data_of(self.file("map.yaml"))

    def file(self, path: str) -> str:
        """One file of the package, empty when there is none."""
        listed = git("ls-tree", "--name-only", self.state.tree, path, cwd=self.truth)
        return git("show", f"{self.state.tree}:{path}", cwd=self.truth) + "\n" if listed else ""

    def check_published(self) -> None:
        """By the functions' own record, this is what a function gave whose code was there at the approval."""
        self.codes["tag checked"] += 1
        assert self.now.windows, "published, and nobody approved"
        kptfile, text = self.file("Kptfile"), self.file("map.yaml")
        assert "a: [" not in text, "what cannot be read is published"
        assert STARLARK not in kptfile, "a package whose function fails is published"
        assert not re.search(r"type: Rendered\n +status: \"?False", kptfile), "what failed to render is published"
        assert NAMESPACE not in kptfile or "  namespace: prod\n" in text, "what was not rendered is published"
        if self.program.image in kptfile:
            codes = set().union(*(self.program.codes_between(*window) for window in self.now.windows))
            gave = set().union(*(self.program.gave(code) for code in codes))
            assert self.data() <= gave, f"{self.data()} is published, and was not rendered by any of {codes}"
            self.codes[f"tag by {'one code' if len(codes) == 1 else 'one of several codes'}"] += 1

    def must_go_on(self) -> None:
        """Whatever has happened, a good package can be saved, proposed and published now."""
        if self.long_windows or self.state.lifecycle == "Published":
            return
        self.program.become("pass")
        self.world.synchronise(self.repository)
        self.now = Happened()
        if self.state.lifecycle == "Proposed":
            self.turn("reject", "Draft")
        self.save(Deed("save", "function"), "last")
        self.turn("propose", "Proposed")
        self.approve(Deed("approve"), "")
        before, self.state = self.state, self.look()
        if self.world.lives != self.life:
            self.settle()
            return
        assert all(code == 200 for _, code in self.now.answers), f"it does not go on: {self.now.answers}"
        self.said.append(f"at the end: {self.now.answers}")
        self.check(before, alone=False)

    def end(self) -> None:
        """The API shows what git has."""
        if self.dirty or self.world.lives != self.life:
            self.settle()
            self.state = self.look()
        if not self.state.ref:
            assert self.world.get(f"{REVISIONS}/{self.name}").code == 404
            return
        obj = self.world.get(f"{REVISIONS}/{self.name}").json
        assert obj["spec"]["lifecycle"] == self.state.lifecycle
        assert "cancel-render" not in str(obj["metadata"].get("annotations"))
        files = self.world.get(f"{RESOURCES}/{self.name}").json["spec"]["resources"]
        assert files.get("map.yaml", "\n") == (self.file("map.yaml") or "\n")

    def close(self) -> None:
        self.pool.shutdown()

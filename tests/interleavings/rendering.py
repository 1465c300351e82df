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
from tests.scenario.test_clones import copy_of
from tests.support.githttp import git

NAMESPACE = "set-namespace:v0.4.5"
STARLARK = "starlark:v0.5.5"
ALLOWED = {200, 201, 403, 404, 409, 422, 503, 504}
_ATTEMPTS = 5
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
        self.world.on_loss.append(self.program.forget)

    # --- one interleaving

    def run(self, seed: int, *, kills: float) -> None:
        self.said: list[str] = []
        try:
            self._run(seed, draw(seed, kills=kills))
        except BaseException as error:
            error.add_note(f"seed {seed}, {self.repository}\n" + "\n".join(self.said))
            ours = [f"--glob=*{self.package}/*", "--", self.package]
            error.add_note(git("log", "--graph", "--format=%h %d %s %ad", "--date=raw", *ours, cwd=self.truth))
            raise

    def _run(self, seed: int, bursts: list[Burst]) -> None:
        self.package = f"p{seed}"
        self.number = 1
        self.published: list[State] = []
        self.marks: set[str] = set()
        self.long_windows: list[tuple[float, float]] = []
        self.life, self.dirty = self.world.lives, False
        self.program.become("pass")
        self.state = State()
        self.now = Happened()
        self.create()
        self.state = self.look()
        assert self.state.lifecycle == "Draft"
        for number, burst in enumerate(bursts):
            self.burst(number, burst)
        if random.Random(seed).random() < 0.25:
            self.must_go_on()
        self.end()

    @property
    def workspace(self) -> str:
        return f"w{self.number}"

    @property
    def name(self) -> str:
        return f"{self.repository}.{self.package}.{self.workspace}"

    def burst(self, number: int, burst: Burst) -> None:
        if self.state.lifecycle == "Published":
            self.go_on()
        if not self.state.ref:
            self.begin_again()
        before, self.now = self.state, Happened(windows=[*self.long_windows])
        self.program.begin()
        start = threading.Barrier(len(burst.deeds))
        futures = [
            self.pool.submit(self.deed, deed, f"b{number}d{index}", start) for index, deed in enumerate(burst.deeds)
        ]
        self.said.append(f"{number}: {', '.join(f'{deed.kind} {deed.what}'.strip() for deed in burst.deeds)}")
        self.let_go(futures, _LONG_SECONDS if burst.long else _GATE_SECONDS)
        self.said.append(f"    -> {', '.join(f'{kind} {code}' for kind, code in self.now.answers)}")
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
        if answer is not None and code in {409, 503, 504}:
            self.said.append(f"    {kind} {code}: {answer.message[:200]}")
        if answer is None:
            self.dirty = True
        elif code >= 400:
            assert (answer.json["kind"], bool(answer.reason)) == ("Status", True), answer.text
        return code

    # --- clients

    def create(self) -> int:
        """From the revision before, if there is one."""
        source = f"{self.repository}.{self.package}.w{self.number - 1}" if self.number > 1 else ""
        body = revision(self.repository, self.package, self.workspace)
        if source:
            body["spec"]["tasks"] = [copy_of(source)]
        while (answer := self.world.send("POST", REVISIONS, body)) is None:
            self.dirty = True
        return self.answered("copy" if source else "create", answer)

    def go_on(self) -> None:
        """What is published gets a next revision, unless that cannot be rendered now."""
        self.now = Happened()
        self.program.open_gate()
        self.number += 1
        code = self.create()
        if self.world.lives != self.life:
            self.settle()
        found = self.look()
        if found.ref:
            self.published.append(self.state)
            self.state = found
            self.marks, self.long_windows = set(), []
        else:
            assert code not in {200, 201}, "a copy was acknowledged, and is not there"
            self.number -= 1

    def begin_again(self) -> None:
        """It was deleted, and what was to replace it could not be rendered."""
        self.now = Happened()
        self.program.become("pass")
        self.create()
        if self.world.lives != self.life:
            self.settle()
        self.state = self.look()
        assert self.state.lifecycle == "Draft"

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
            self.world.push(self.repository, state.ref, state.commit, commit)
        except AssertionError:  # somebody was faster, or the server died
            self.codes["push refused"] += 1
            return
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

    def look(self) -> State:
        heads = [f"refs/heads/{kind}/{self.package}/{self.workspace}" for kind in ("drafts", "proposed")]
        places = [*heads, f"refs/tags/{self.package}/v{self.number}"]
        lines = git("for-each-ref", "--format=%(refname) %(objectname)", *places, cwd=self.truth).splitlines()
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
        if alone and refused and not self.now.replaced:
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
        self.program.begin()
        self.settle()
        before, self.now = self.state, Happened()
        if self.state.lifecycle == "Proposed":
            self.again_until_done(lambda: self.turn("reject", "Draft"), "Draft")
        self.save_at_last()
        self.again_until_done(lambda: self.turn("propose", "Proposed"), "Proposed")
        self.again_until_done(self.approve_at_last, "Published")
        self.said.append(f"at the end: {self.now.answers}")
        self.check(before, alone=False)

    def again_until_done(self, work: Callable[[], int], wanted: str) -> None:
        """What another lane's kill has interrupted is tried again."""
        for _ in range(_ATTEMPTS):
            code = work()
            if self.world.lives != self.life:
                self.settle()
            self.state = self.look()
            if self.state.lifecycle == wanted:
                return
            assert code in {0, 409, 503}, f"it does not go on: {self.now.answers}"
        raise AssertionError(f"it does not go on: {self.now.answers}")

    def save_at_last(self) -> None:
        deed = Deed("save", "function")
        self.save(deed, "last")
        while "last" not in self.now.saved:
            assert len(self.now.answers) < 2 * _ATTEMPTS, f"it does not go on: {self.now.answers}"
            self.settle()
            self.save(deed, "last")

    def approve_at_last(self) -> int:
        self.approve(Deed("approve"), "")
        return self.now.answers[-1][1]

    def end(self) -> None:
        """The API shows what git has, and what was published is where it was."""
        for state in self.published:
            assert git("rev-parse", state.ref, cwd=self.truth) == state.commit, f"{state.ref} has moved"
        if self.dirty or self.world.lives != self.life:
            self.settle()
            self.state = self.look()
        if not self.state.ref:
            assert self.world.get(f"{REVISIONS}/{self.name}").code == 404
            return
        obj = self.world.get(f"{REVISIONS}/{self.name}").json
        assert obj["spec"]["lifecycle"] == self.state.lifecycle, f"git has {self.state}"
        assert "cancel-render" not in str(obj["metadata"].get("annotations"))
        shown = self.world.get(f"{RESOURCES}/{self.name}").json["spec"]["resources"].get("map.yaml", "")
        assert shown == self.file("map.yaml"), f"shown is {shown}, git has {self.file('map.yaml')}"

    def close(self) -> None:
        self.pool.shutdown()

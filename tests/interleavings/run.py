"""Draws requests of several clients from a seed, sends them one after the other, and holds each against the model.

A client keeps copies of objects that it has read, and writes what is based on them, however old they are. Now and then
somebody with git moves a draft, deletes a tag or adds to the branch. Everything about a run follows from its seed.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.interleavings.model import DRAFT, GOING, PROPOSED, PUBLISHED, UNKNOWN, Model
from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Json, revision, synchronise
from tests.scenario.test_clones import clone_of, copy_of, upgrade
from tests.support.githttp import git

CLIENTS, CHECK_EVERY = 4, 10
PACKAGES, WORKSPACES = ("a", "b", "c", "d", "e", "net/c", "net"), ("w1", "w2", "w3", "w4")
LIFECYCLES = (DRAFT, PROPOSED, PROPOSED, PUBLISHED, PUBLISHED, PUBLISHED, GOING)
TASKS: dict[str, Callable[..., Json]] = {"copy": copy_of, "clone": clone_of, "upgrade": upgrade}
NEXT = {DRAFT: PROPOSED, PROPOSED: PUBLISHED, PUBLISHED: GOING, GOING: PUBLISHED}


@dataclass
class Copy:
    """An object as a client has read it, and what its version is called in the model."""

    obj: Json
    version: int


@dataclass
class Client:
    objects: dict[str, Copy] = field(default_factory=dict)
    files: dict[str, Copy] = field(default_factory=dict)


@dataclass
class Interleaving:
    """`truths` are the git repositories by the names of their Repositories."""

    api: Api
    truths: dict[str, Path]
    seed: int
    model: Model = field(default_factory=Model)
    said: list[str] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.clients = [Client() for _ in range(CLIENTS)]
        self.tags: dict[str, str] = {}
        self.proposals: dict[str, str] = {}
        self.versions: dict[str, tuple[int, str]] = {}
        self.names: list[str] = []
        steps: list[tuple[int, Callable[[Client, str], None]]] = [
            (4, self.create), (3, self.copy), (3, self.clone), (6, self.upgrade), (6, self.save), (3, self.label),
            (2, self.gates), (14, self.turn), (4, self.turn_copy), (5, self.delete), (3, self.read), (2, self.foreign),
        ]  # fmt: skip
        self.steps = steps

    def run(self, steps: int) -> None:
        try:
            for number in range(steps):
                self.step(f"s{number}")
                if number % CHECK_EVERY == 0:
                    self.check()
            self.check()
            for truth in self.truths.values():
                git("fsck", "--full", "--strict", "--no-dangling", cwd=truth)
        except BaseException as error:
            error.add_note(f"seed {self.seed}\n" + "\n".join(self.said))
            raise

    def step(self, mark: str) -> None:
        weights, deeds = zip(*self.steps, strict=True)
        deed = self.chance.choices(deeds, weights)[0]
        number = self.chance.randrange(CLIENTS)
        self.said.append(f"{mark} client {number}: {deed.__name__}")
        deed(self.clients[number], mark)

    def wants(self, answer: Answer, code: int, what: str) -> bool:
        """Whether it worked, as the model says."""
        self.said[-1] += f" {what}: {answer.code}"
        self.codes[f"{what.split(maxsplit=1)[0]} {answer.code}"] += 1
        assert answer.code == code, f"{what}: {answer.code}, the model says {code}: {answer.text[:400]!r}"
        return code < 300

    # --- requests

    def some(self) -> str:
        """A revision that is, or was, or is on the branch."""
        names = sorted([*self.model.revs, *(self.model.name(*key, "main") for key in self.model.main)])
        if names and self.chance.random() < 0.9:
            return self.chance.choice(names)
        return self.chance.choice(self.names) if self.names else "here.a.w1"

    def send_create(self, place: tuple[str, str, str], label: str, kind: str, *names: str) -> None:
        body = revision(*place, labels={"mark": label})
        if kind != "init":
            body["spec"]["tasks"] = [TASKS[kind](*names)]
        answer = self.api.send("POST", REVISIONS, body)
        name = self.model.name(*place)
        if self.wants(answer, self.model.create(*place, label, kind, *names), f"{kind} {name} {' '.join(names)}"):
            self.names.append(name)
            self.look(name)

    def place(self) -> tuple[str, str, str]:
        return self.chance.choice([*self.truths]), self.chance.choice(PACKAGES), self.chance.choice(WORKSPACES)

    def create(self, _: Client, mark: str) -> None:
        self.send_create(self.place(), mark, "init")

    def clone(self, _: Client, mark: str) -> None:
        source = self.some()
        self.send_create(self.place(), mark, "clone", source)

    def copy(self, _: Client, mark: str) -> None:
        source = self.some()
        repository, rest = source.split(".", 1)
        package = rest.rpartition(".")[0].replace(".", "/")
        self.send_create((repository, package, self.chance.choice(WORKSPACES)), mark, "copy", source)

    def upgrade(self, _: Client, mark: str) -> None:
        cloned = [name for name, rev in sorted(self.model.revs.items()) if rev.upstream]
        if not cloned:
            self.said[-1] += " nothing"
            return
        local = self.chance.choice(cloned)
        rev = self.model.revs[local]
        package = rev.upstream.rpartition(".")[0]
        beside = [name for name, other in sorted(self.model.revs.items()) if other.number and name.startswith(package)]
        new = self.chance.choice([*beside, f"{package}.{self.chance.choice(WORKSPACES)}"])
        place = (rev.repository, rev.package, self.chance.choice(WORKSPACES))
        self.send_create(place, mark, "upgrade", rev.upstream, new, local)

    def save(self, client: Client, mark: str) -> None:
        """From a copy of the files, or into whatever is there."""
        name = self.some()
        copy = client.files.get(name) if self.chance.random() < 0.6 else None
        if copy is not None:
            obj = copy.obj | {
                "spec": copy.obj["spec"] | {"resources": copy.obj["spec"]["resources"] | {"note.txt": mark}}
            }
            answer = self.api.send("PUT", f"{RESOURCES}/{name}", obj)
            wanted = self.model.save(name, mark, copy.version)
        else:
            answer = self.api.patch(f"{RESOURCES}/{name}", {"spec": {"resources": {"note.txt": mark}}})
            wanted = self.model.save(name, mark)
        if self.wants(answer, wanted, f"save {name} {'copy' if copy else 'patch'}"):
            client.files[name] = Copy(answer.json, self.model.revs[name].content)
            self.look(name)

    def label(self, client: Client, mark: str) -> None:
        name = self.some()
        if name.endswith(".main"):
            return
        copy = client.objects.get(name)
        if copy is not None:
            labels = copy.obj["metadata"].get("labels", {}) | {"mark": mark}
            obj = copy.obj | {"metadata": copy.obj["metadata"] | {"labels": labels}}
            answer = self.api.send("PUT", f"{REVISIONS}/{name}", obj)
        else:
            answer = self.api.patch(f"{REVISIONS}/{name}", {"metadata": {"labels": {"mark": mark}}})
        wanted = self.model.label(name, mark, copy.version if copy else None)
        if self.wants(answer, wanted, f"label {name} {'copy' if copy else 'patch'}"):
            client.objects[name] = Copy(answer.json, self.model.revs[name].version)
            self.look(name)

    def gates(self, _: Client, mark: str) -> None:
        name, gate = self.some(), self.chance.choice(["", "", "tested"])
        if name.endswith(".main"):
            return
        gates = [{"conditionType": gate}] if gate else []
        answer = self.api.patch(f"{REVISIONS}/{name}", {"spec": {"readinessGates": gates}})
        if self.wants(answer, self.model.gates(name, gate), f"gates {name} {gate}"):
            self.look(name)

    def turn(self, _: Client, mark: str) -> None:
        """Mostly what comes next in its life."""
        name = self.some()
        now = self.model.lifecycle(name)
        target = self.chance.choice([*LIFECYCLES, *([NEXT[now]] * 12 if now else [])])
        approval = self.chance.random() < (0.9 if now == PROPOSED else 0.2)
        path = f"{REVISIONS}/{name}/approval" if approval else f"{REVISIONS}/{name}"
        self.about_to(name)
        answer = self.api.patch(path, {"spec": {"lifecycle": target}})
        wanted = self.model.turn(name, target, approval=approval)
        if self.wants(answer, wanted, f"{'approval' if approval else 'main'}:{target} {name}"):
            self.look(name)

    def turn_copy(self, client: Client, mark: str) -> None:
        """With a copy, which may be old."""
        if not client.objects:
            self.said[-1] += " nothing"
            return
        name = self.chance.choice(sorted(client.objects))
        copy = client.objects[name]
        now = copy.obj["spec"]["lifecycle"]
        target, approval = NEXT[now], now == PROPOSED
        obj = copy.obj | {"spec": copy.obj["spec"] | {"lifecycle": target}}
        self.about_to(name)
        answer = self.api.send("PUT", f"{REVISIONS}/{name}{'/approval' if approval else ''}", obj)
        wanted = self.model.turn(name, target, approval=approval, seen=copy.version)
        if self.wants(answer, wanted, f"copy:{target} {name}"):
            client.objects[name] = Copy(answer.json, self.model.revs[name].version)
            self.look(name)

    def about_to(self, name: str) -> None:
        """Notes the tree of a proposal, which is what may be published."""
        rev = self.model.revs.get(name)
        if rev is not None and rev.lifecycle == PROPOSED:
            tree = f"{rev.ref}:{rev.package}"
            self.proposals[name] = git("rev-parse", tree, cwd=self.truths[rev.repository])

    def delete(self, _: Client, mark: str) -> None:
        name = self.some()
        answer = self.api.send("DELETE", f"{REVISIONS}/{name}")
        if self.wants(answer, self.model.delete(name), f"delete {name}"):
            assert self.api.send("GET", f"{REVISIONS}/{name}").code == 404

    def read(self, client: Client, mark: str) -> None:
        name = self.some()
        answer = self.api.send("GET", f"{REVISIONS}/{name}")
        if self.wants(answer, 200 if self.model.lifecycle(name) else 404, f"read {name}") and name in self.model.revs:
            rev = self.model.revs[name]
            client.objects[name] = Copy(answer.json, rev.version)
            client.files[name] = Copy(self.api.do("GET", f"{RESOURCES}/{name}"), rev.content)

    # --- git

    def foreign(self, _: Client, mark: str) -> None:
        deed = self.chance.choice([self.move_draft, self.delete_tag, self.change_branch, self.add_to_branch])
        repository = self.chance.choice([*self.truths])
        self.said[-1] += f" {deed.__name__} in {repository}"
        deed(repository, mark)

    def rewritten(self, truth: Path, ref: str, package: str, mark: str) -> None:
        """One commit more on a branch, with another note in the package, or beside all packages when that is empty."""
        path = f"{package}/note.txt" if package else "README.md"
        blob = git("hash-object", "-w", "--stdin", cwd=truth, stdin=mark)
        index = {"GIT_INDEX_FILE": str(truth / "by-hand.index")}
        git("read-tree", ref, cwd=truth, env=index)
        git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", cwd=truth, env=index)
        tree = git("write-tree", cwd=truth, env=index)
        git("update-ref", ref, git("commit-tree", tree, "-p", ref, "-m", mark, cwd=truth), cwd=truth)

    def move_draft(self, repository: str, mark: str) -> None:
        revs = sorted(self.model.revs.items())
        drafts = [name for name, rev in revs if rev.repository == repository and not rev.number]
        if drafts:
            name = self.chance.choice(drafts)
            rev = self.model.revs[name]
            self.rewritten(self.truths[repository], rev.ref, rev.package, mark)
            self.model.rewrite(name, mark)
            synchronise(self.api, repository)
            self.said[-1] += f" {name}"

    def delete_tag(self, repository: str, mark: str) -> None:
        revs = sorted(self.model.revs.items())
        published = [name for name, rev in revs if rev.repository == repository and rev.lifecycle == PUBLISHED]
        if published:
            name = self.chance.choice(published)
            git("update-ref", "-d", self.model.revs[name].ref, cwd=self.truths[repository])
            self.model.vanish(name)
            synchronise(self.api, repository)
            self.said[-1] += f" {name}"

    def change_branch(self, repository: str, mark: str) -> None:
        packages = sorted(path for where, path in self.model.main if where == repository)
        if packages:
            package = self.chance.choice(packages)
            self.rewritten(self.truths[repository], "refs/heads/main", package, mark)
            self.model.main[repository, package].note = mark
            synchronise(self.api, repository)
            self.said[-1] += f" {package}"

    def add_to_branch(self, repository: str, mark: str) -> None:
        """Nothing of a package, and nobody tells the server."""
        self.rewritten(self.truths[repository], "refs/heads/main", "", mark)

    # --- what must be so

    def look(self, name: str) -> None:
        """The revision is as the model has it. What a merge has made of it is learned."""
        obj = self.api.do("GET", f"{REVISIONS}/{name}")
        assert obj["spec"]["lifecycle"] == self.model.lifecycle(name)
        files = self.api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"]
        rev = self.model.revs.get(name)
        if rev is None:
            found = self.model.on_branch(name)
            assert found is not None
            assert (files.get("note.txt", ""), obj["spec"]["revision"]) == (found.note, -1)
            return
        gate = ",".join(item["conditionType"] for item in obj["spec"].get("readinessGates") or [])
        note, labels = files.get("note.txt", ""), obj["metadata"].get("labels", {})
        rev.note = note if rev.note == UNKNOWN else rev.note
        rev.gate = gate if rev.gate == UNKNOWN else rev.gate
        assert (note, gate, labels.get("mark", "")) == (rev.note, rev.gate, rev.label), name
        assert obj["spec"].get("revision", 0) == rev.number
        assert ("kpt.dev/latest-revision" in labels) == (name in self.model.latest())
        version, now = obj["metadata"]["resourceVersion"], rev.version
        before = self.versions.get(name, (0, ""))
        assert (before[0] == now) == (before[1] == version), f"{name} has changed, or should have"
        self.versions[name] = now, version

    def check(self) -> None:
        """API and git are as the model has them."""
        names = [*self.model.revs, *(self.model.name(*key, "main") for key in self.model.main)]
        assert sorted(self.api.names()) == sorted(names)
        for name in names:
            self.look(name)
        for repository, truth in self.truths.items():
            lines = git("for-each-ref", "--format=%(refname) %(objectname)", cwd=truth).splitlines()
            refs = dict[str, str](line.split() for line in lines)
            assert refs.keys() == self.model.refs(repository), repository
            on_branch = set(git("rev-list", "--first-parent", "main", cwd=truth).split())
            for name, rev in self.model.revs.items():
                if rev.repository == repository:
                    self.check_ref(name, refs, on_branch)

    def check_ref(self, name: str, refs: dict[str, str], on_branch: set[str]) -> None:
        rev = self.model.revs[name]
        target, truth = refs[rev.ref], self.truths[rev.repository]
        if rev.number:
            assert target in on_branch, f"{rev.ref} is not on the branch"
            assert self.tags.setdefault(f"{name} {rev.ref}", target) == target, f"{rev.ref} has moved"
            tree = git("rev-parse", f"{target}:{rev.package}", cwd=truth)
            assert tree == self.proposals[name], f"{rev.ref} is not what was proposed"
        files = git("ls-tree", "-r", "--name-only", f"{target}:{rev.package}", cwd=truth).split()
        note = git("show", f"{target}:{rev.package}/note.txt", cwd=truth) if "note.txt" in files else ""
        assert note == rev.note

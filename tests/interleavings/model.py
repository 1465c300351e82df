"""What must come of each request: a small picture of package revisions in plain values, which knows nothing of Porch.

Each method is one request or one deed of somebody with git. It returns the HTTP code that must be answered, and changes
the picture only when that is a success. `seen` is the version that a client's copy of the object has, None when it
sends a patch that is based on none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

DRAFT, PROPOSED, PUBLISHED, GOING = "Draft", "Proposed", "Published", "DeletionProposed"
UNKNOWN = "?"


@dataclass
class Rev:
    """`version` and `content` change whenever the object, or its files, do. `note` and `gate` may be UNKNOWN after a
    merge, until somebody looks.
    """

    repository: str
    package: str
    workspace: str
    version: int
    content: int
    lifecycle: str = DRAFT
    number: int = 0
    note: str = ""
    gate: str = ""
    label: str = ""
    upstream: str = ""

    @property
    def ref(self) -> str:
        if self.number:
            return f"refs/tags/{self.package}/v{self.number}"
        kind = "drafts" if self.lifecycle == DRAFT else "proposed"
        return f"refs/heads/{kind}/{self.package}/{self.workspace}"


@dataclass
class OnBranch:
    """A package on the branch."""

    note: str
    going: bool = False


@dataclass
class Model:
    """`last` is the last number of each package that ever was published."""

    revs: dict[str, Rev] = field(default_factory=dict)
    main: dict[tuple[str, str], OnBranch] = field(default_factory=dict)
    last: dict[tuple[str, str], int] = field(default_factory=dict)
    clock: int = 0

    @staticmethod
    def name(repository: str, package: str, workspace: str) -> str:
        return f"{repository}.{package.replace('/', '.')}.{workspace}"

    def on_branch(self, name: str) -> OnBranch | None:
        return next((found for key, found in self.main.items() if self.name(*key, "main") == name), None)

    def lifecycle(self, name: str) -> str:
        """Empty when there is no such revision."""
        if name in self.revs:
            return self.revs[name].lifecycle
        found = self.on_branch(name)
        return (GOING if found.going else PUBLISHED) if found else ""

    def latest(self) -> set[str]:
        newest: dict[tuple[str, str], tuple[int, str]] = {}
        for name, rev in self.revs.items():
            key = (rev.repository, rev.package)
            if rev.number:
                newest[key] = max(newest.get(key, (0, "")), (rev.number, name))
        return {name for _, name in newest.values()}

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    @contextmanager
    def _labelling(self) -> Iterator[None]:
        """Who gets or loses the label of the latest has changed."""
        before = self.latest()
        yield
        for name in before ^ self.latest():
            if name in self.revs:
                self.revs[name].version = self.tick()

    # --- making

    def create(self, repository: str, package: str, workspace: str, label: str, kind: str = "init", *names: str) -> int:
        """`names` are the revisions that the task names."""
        name = self.name(repository, package, workspace)
        if self.lifecycle(name):
            return 409
        sources = [self.revs.get(source) for source in names]
        found = [source for source in sources if source is not None]
        if len(found) < len(sources) or (kind != "clone" and not all(source.number for source in found)):
            return 422
        if not self._is_free(repository, package, new=kind in {"init", "clone"}):
            return 409
        rev = Rev(repository, package, workspace, self.tick(), self.tick(), label=label)
        self.revs[name] = rev
        if kind == "upgrade":
            old, new, local = found
            rev.note = _merged(old.note, new.note, local.note)
            rev.gate = _merged(old.gate, new.gate, local.gate)
            rev.upstream = names[1]
        elif found:
            rev.note, rev.gate = found[0].note, found[0].gate
            rev.upstream = names[0] if kind == "clone" else ""
        return 201

    def _is_free(self, repository: str, package: str, *, new: bool) -> bool:
        packages = {rev.package for rev in self.revs.values() if rev.repository == repository}
        packages |= {path for where, path in self.main if where == repository}
        if package in packages:
            return not new
        return not any(
            f"{package}/".startswith(f"{other}/") or f"{other}/".startswith(f"{package}/") for other in packages
        )

    # --- changing

    def save(self, name: str, note: str, seen: int | None = None) -> int:
        if not self.lifecycle(name):
            return 404
        rev = self.revs.get(name)
        if rev is None or rev.lifecycle != DRAFT or seen not in {None, rev.content}:
            return 409
        if rev.note != note:
            rev.note, rev.version, rev.content = note, self.tick(), self.tick()
        return 200

    def label(self, name: str, label: str, seen: int | None = None) -> int:
        rev = self.revs.get(name)
        if rev is None:
            return 404
        if seen not in {None, rev.version}:
            return 409
        if rev.label != label:
            rev.label, rev.version = label, self.tick()
        return 200

    def gates(self, name: str, gate: str) -> int:
        """Only a Draft has its Kptfile changed. A Proposed one keeps it, without a word."""
        rev = self.revs.get(name)
        if rev is None:
            return 404
        if rev.number:
            return 200 if rev.gate == gate else 422
        if rev.lifecycle == DRAFT and rev.gate != gate:
            rev.gate, rev.version, rev.content = gate, self.tick(), self.tick()
        return 200

    def turn(self, name: str, target: str, *, approval: bool, seen: int | None = None) -> int:
        now = self.lifecycle(name)
        if not now:
            return 404
        rev, found = self.revs.get(name), self.on_branch(name)
        if rev is not None and seen not in {None, rev.version}:
            return 409
        if not _may(now, target, approval=approval):
            return 422
        if rev is not None and (now, target) == (PROPOSED, PUBLISHED):
            return self._publish(rev)
        if rev is not None and now != target:
            rev.lifecycle, rev.version, rev.content = target, self.tick(), self.tick()
        elif found is not None:
            found.going = target == GOING
        return 200

    def _publish(self, rev: Rev) -> int:
        if rev.gate:
            return 422
        key = (rev.repository, rev.package)
        with self._labelling():
            rev.number = self.last[key] = self.last.get(key, 0) + 1
            rev.lifecycle, rev.version, rev.content = PUBLISHED, self.tick(), self.tick()
            before = self.main.get(key)
            self.main[key] = OnBranch(rev.note, going=before is not None and before.going)
        return 200

    def delete(self, name: str) -> int:
        now = self.lifecycle(name)
        if not now:
            return 404
        if now == PUBLISHED or any(rev.upstream == name for rev in self.revs.values()):
            return 403
        if name in self.revs:
            self.vanish(name)
        else:
            self.main = {key: found for key, found in self.main.items() if self.name(*key, "main") != name}
        return 200

    # --- what others do with git, and the server has seen

    def vanish(self, name: str) -> None:
        with self._labelling():
            del self.revs[name]

    def rewrite(self, name: str, note: str) -> None:
        rev = self.revs[name]
        rev.note, rev.version, rev.content = note, self.tick(), self.tick()

    def refs(self, repository: str) -> set[str]:
        """Those that show all this."""
        revs = [rev for rev in self.revs.values() if rev.repository == repository]
        marks = {f"{rev.package}/v{rev.number}" for rev in revs if rev.lifecycle == GOING}
        marks |= {f"{path}/main" for (where, path), found in self.main.items() if where == repository and found.going}
        return (
            {rev.ref for rev in revs} | {f"refs/heads/deletionProposed/{mark}" for mark in marks} | {"refs/heads/main"}
        )


def _merged(old: str, new: str, local: str) -> str:
    if old == local:
        return new
    return local if new in {old, local} else UNKNOWN


_MAIN = {
    (DRAFT, DRAFT), (DRAFT, PROPOSED), (PROPOSED, DRAFT), (PROPOSED, PROPOSED),
    (PUBLISHED, PUBLISHED), (PUBLISHED, GOING), (GOING, PUBLISHED), (GOING, GOING),
}  # fmt: skip
_APPROVAL = {(PROPOSED, DRAFT), (PROPOSED, PUBLISHED), (PUBLISHED, GOING), (GOING, PUBLISHED)}


def _may(old: str, new: str, *, approval: bool) -> bool:
    return (old, new) in (_APPROVAL if approval else _MAIN)

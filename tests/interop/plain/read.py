"""One reading of a repository: all rules for its commits and refs, and the revisions that it shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.interop.plain.commits import check_commit
from tests.interop.plain.messages import APPROVING, PORCH, Note, notes
from tests.interop.plain.objects import Bare, run
from tests.interop.plain.rules import Finding

HEADS, TAGS = "refs/heads/", "refs/tags/"
DRAFTS, PROPOSED, MARKERS = f"{HEADS}drafts/", f"{HEADS}proposed/", f"{HEADS}deletionProposed/"
_NUMBERED = re.compile(r"(.+)/v([1-9][0-9]*)")


@dataclass(frozen=True, order=True)
class Published:
    package: str
    number: int
    workspace: str
    commit: str


@dataclass(frozen=True)
class Report:
    """`drafts` and `proposed` are `PATH/WORKSPACE`, `marked` what follows `deletionProposed/`. `others` are refs that
    are neither branches nor tags.
    """

    path: Path
    branches: Sequence[str]
    findings: list[Finding]
    heads: dict[str, str]
    published: list[Published]
    drafts: list[str]
    proposed: list[str]
    marked: list[str]
    others: list[str]
    tags: dict[str, str] = field(default_factory=dict)


def read(path: Path, *branches: str) -> Report:
    """`branches` are those that Porch publishes on; `main` when none is given."""
    with Bare(path) as bare:
        return _Reading(bare, branches or ("main",)).report()


def changed_since(before: Report) -> list[Finding]:
    """What must never happen between two readings: tags that moved, a branch that lost commits."""
    with Bare(before.path) as bare:
        refs = bare.refs()
        moved = [
            Finding("moved", tag) for tag, target in before.tags.items() if refs.get(tag, (target, ""))[0] != target
        ]
        for branch, head in before.heads.items():
            done = run(bare.path, "merge-base", "--is-ancestor", head, HEADS + branch)
            if done.returncode:
                moved.append(Finding("moved", branch, done.stderr))
        return moved


class _Reading:
    def __init__(self, bare: Bare, branches: Sequence[str]) -> None:
        self._bare = bare
        self._refs = bare.refs()
        self._branches = {name: self._refs[HEADS + name][1] for name in branches if HEADS + name in self._refs}
        self._on_branch = set(bare.reachable(*self._branches.values())) if self._branches else set()

    def report(self) -> Report:
        published = sorted(self._published())
        findings = [Finding("fsck", str(self._bare.path), line) for line in self._bare.complaints()]
        for commit in self._bare.reachable():
            findings += check_commit(self._bare, self._bare.commit(commit))
        findings += [*self._families(), *self._tags(), *self._uniqueness(published)]
        findings += [*self._bases(published), *self._markers()]
        return Report(
            self._bare.path,
            tuple(self._branches),
            sorted(findings),
            self._branches,
            published,
            self._below(DRAFTS),
            self._below(PROPOSED),
            self._below(MARKERS),
            sorted(ref for ref in self._refs if not ref.startswith((HEADS, TAGS))),
            {ref: target for ref, (target, _) in self._refs.items() if ref.startswith(TAGS)},
        )

    def _below(self, prefix: str) -> list[str]:
        return sorted(ref[len(prefix) :] for ref in self._refs if ref.startswith(prefix))

    def _note(self, commit: str, package: str) -> Note | None:
        found = notes(self._bare.commit(commit).message)
        return next((note for note in found if note.package == package), None)

    def _published(self) -> Iterator[Published]:
        for ref, (_, commit) in self._refs.items():
            match = _NUMBERED.fullmatch(ref[len(TAGS) :]) if ref.startswith(TAGS) else None
            if match and self._bare.at(commit, f"{match[1]}/Kptfile"):
                note = self._note(commit, match[1])
                workspace = note.workspace if note and note.workspace else f"v{match[2]}"
                yield Published(match[1], int(match[2]), workspace, commit)

    def _families(self) -> Iterator[Finding]:
        for ref in self._refs:
            if ref.startswith(HEADS):
                own = ref.removeprefix(HEADS) in self._branches
                known = own or (ref.startswith((DRAFTS, PROPOSED, MARKERS)) and ref.count("/") > 3)
            else:
                known = not ref.startswith(TAGS) or bool(_NUMBERED.fullmatch(ref[len(TAGS) :]))
            if not known:
                yield Finding("family", ref)

    def _tags(self) -> Iterator[Finding]:
        for ref, (target, commit) in self._refs.items():
            match = _NUMBERED.fullmatch(ref[len(TAGS) :]) if ref.startswith(TAGS) else None
            if not match:
                continue
            note = self._note(commit, match[1])
            approval = self._bare.commit(commit).subject == f"{APPROVING}{match[1]}/{match[2]}"
            if not approval or note is None or note.revision != match[2] or not note.workspace or note.task:
                yield Finding("approval-tag", ref)
            if target != commit:
                yield Finding("lightweight", ref)
            if commit not in self._on_branch:
                yield Finding("on-the-branch", ref)

    def _uniqueness(self, published: Sequence[Published]) -> Iterator[Finding]:
        numbers = Counter(ref.replace("/v", "/") for ref in self._below(TAGS))
        yield from (Finding("one-tag", number) for number, times in numbers.items() if times > 1)
        workspaces = Counter(f"{item.package}/{item.workspace}" for item in published)
        yield from (Finding("one-tag", name) for name, times in workspaces.items() if times > 1)

    def _bases(self, published: Sequence[Published]) -> Iterator[Finding]:
        gone = {f"{item.package}/{item.workspace}" for item in published}
        for prefix, other in ((DRAFTS, PROPOSED), (PROPOSED, DRAFTS)):
            for name in self._below(prefix):
                if other + name in self._refs or name in gone:
                    yield Finding("base-branch", prefix + name)
                if not self._is_draft(*name.rpartition("/")[::2], self._refs[prefix + name][1]):
                    yield Finding("draft-head", prefix + name)

    def _is_draft(self, package: str, workspace: str, head: str) -> bool:
        """Whether the commits of a draft, and only they, are between its head and the branch."""
        commit, found = self._bare.commit(head), False
        while commit.id not in self._on_branch:
            note = self._note(commit.id, package)
            if commit.committer != PORCH or not note or (note.workspace, note.revision) != (workspace, "0"):
                return False
            found = True
            if len(commit.parents) != 1:
                return not commit.parents
            commit = self._bare.commit(commit.parents[0])
        return found

    def _markers(self) -> Iterator[Finding]:
        for name in self._below(MARKERS):
            marked = self._refs[MARKERS + name][1]
            package, _, last = name.rpartition("/")
            tag = self._refs.get(TAGS + name)
            beside = tag is not None and tag[1] == marked
            if last in self._branches and not _NUMBERED.fullmatch(name):
                beside = marked in self._on_branch and self._bare.at(self._branches[last], package) is not None
            if not beside:
                yield Finding("marker", MARKERS + name)

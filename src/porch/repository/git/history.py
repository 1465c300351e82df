"""What the commits of a repository say about its packages, read once and kept.

Commits never change, so a commit is read at most once in the life of a History. Questions about one revision are
answered by short walks: generation numbers tell which parts of the history cannot hold an answer.
"""

from __future__ import annotations

import heapq
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from porch.errors import NotFound
from porch.repository.git.annotations import CREATION_TASKS, Annotation, read_annotations
from porch.repository.git.mirror import Mirror
from porch.repository.git.objects import Commit
from porch.types.task import Task

_ENDS_THE_WALK = frozenset({"init", "clone"})


class HistoryTooLong(Exception):
    """More commits are to be read than this History may. Never leaves this room."""


@dataclass(frozen=True, slots=True)
class _Node:
    """`generation` is one more than that of any parent: an ancestor's is always smaller."""

    parents: tuple[str, ...]
    committed: int
    generation: int


_MISSING = _Node((), 0, 0)


class History:
    def __init__(self, mirror: Mirror, limit: int = 0) -> None:
        """`limit` is how many commits one `load` may read; 0 means all."""
        self._mirror = mirror
        self._limit = limit
        self._nodes: dict[str, _Node] = {}
        self._marks: dict[str, dict[str, list[Annotation]]] = {}

    def __len__(self) -> int:
        """How many commits it knows."""
        return len(self._nodes)

    def load(self, tips: Iterable[str]) -> None:
        """Reads what these commits descend from, as far as it is new. Raises HistoryTooLong."""
        stack = [tip for tip in tips if tip not in self._nodes]
        read: dict[str, Commit | None] = {}
        while stack:
            name = stack[-1]
            if name in self._nodes:
                stack.pop()
                continue
            if name not in read:
                if self._limit and len(read) >= self._limit:
                    raise HistoryTooLong
                read[name] = self._read(name)
            commit = read[name]
            missing = [parent for parent in commit.parents if parent not in self._nodes] if commit else []
            if missing:
                stack += missing
            else:
                stack.pop()
                self._add(name, commit)

    def _read(self, name: str) -> Commit | None:
        """None where a history is cut off."""
        try:
            return self._mirror.commit(name)
        except NotFound:
            return None

    def _add(self, name: str, commit: Commit | None) -> None:
        if commit is None:
            self._nodes[name] = _MISSING
            return
        for annotation in read_annotations(commit.message):
            self._marks.setdefault(annotation.package, {}).setdefault(name, []).append(annotation)
        generation = 1 + max((self._nodes[parent].generation for parent in commit.parents), default=0)
        self._nodes[name] = _Node(commit.parents, commit.committed, generation)

    def annotations(self, commit: str, package: str) -> list[Annotation]:
        """Those of exactly this commit."""
        return self._marks.get(package, {}).get(commit, [])

    def creation(self, tip: str, package: str, workspace: str) -> tuple[Task, str] | None:
        """The task that made a revision and its commit: the oldest in the history, up to the first init or clone."""
        marks = {
            commit: tasks[-1]
            for commit, annotations in self._marks.get(package, {}).items()
            if (tasks := [task for mark in annotations if (task := _creates(mark, workspace))])
        }
        found = None
        for commit in self._newest_first(tip, marks):
            found = marks[commit], commit
            if marks[commit].type in _ENDS_THE_WALK:
                break
        return found

    def last_changes(self, tip: str, packages: Iterable[str]) -> dict[str, str]:
        """For each package the newest commit that is annotated with it; those without one are left out."""
        of_commit: dict[str, list[str]] = {}
        for package in packages:
            for commit in self._marks.get(package, {}):
                of_commit.setdefault(commit, []).append(package)
        open_packages = {package for names in of_commit.values() for package in names}
        found: dict[str, str] = {}
        for commit in self._newest_first(tip, of_commit):
            for package in of_commit[commit]:
                found.setdefault(package, commit)
            if len(found) == len(open_packages):
                break
        return found

    def _newest_first(self, tip: str, wanted: Mapping[str, object]) -> Iterator[str]:
        """The wanted commits in the history of `tip`, by falling commit time, as `git log` orders them."""
        targets = wanted.keys() & self._nodes.keys()
        if not targets:
            return
        floor = min(self._nodes[name].generation for name in targets)
        remaining = len(targets)
        seen = {tip}
        queue = [(-self._nodes[tip].committed, 0, tip)]
        while queue and remaining:
            name = heapq.heappop(queue)[2]
            if name in targets:
                remaining -= 1
                yield name
            for parent in self._nodes[name].parents:
                node = self._nodes[parent]
                if parent not in seen and node.generation >= floor:
                    seen.add(parent)
                    heapq.heappush(queue, (-node.committed, len(seen), parent))


class Histories:
    """Those that were used last, as many as together know no more than so many commits. Shared by all threads."""

    def __init__(self, limit: int, commits: int) -> None:
        """`limit` is that of each History, `commits` that of all together."""
        self._limit, self._commits = limit, commits
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, History] = OrderedDict()

    def of(self, name: str, mirror: Mirror) -> History:
        """The one that this name always gets; whoever uses the name takes turns."""
        with self._lock:
            history = self._kept.pop(name, None)
            if history is None:
                history = History(mirror, self._limit)
            while self._kept and sum(map(len, self._kept.values())) > self._commits:
                self._kept.popitem(last=False)
            self._kept[name] = history
            return history

    def forget(self, name: str) -> None:
        with self._lock:
            self._kept.pop(name, None)


def _creates(mark: Annotation, workspace: str) -> Task | None:
    """The mark's task if it made this workspace. Old histories have the workspace in `revision`."""
    matches = mark.workspace == workspace or (not mark.workspace and mark.revision == workspace)
    return mark.task if matches and mark.task and mark.task.type in CREATION_TASKS else None

"""A package's files by package: a directory with a Kptfile, on any side, is a sub-package with the files below it.

A sub-package whose Kptfile has an upstream of its own is upgraded from there, not from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from porch.krm import kptfile
from porch.merge.interface import Files, Sides

_OWN_UPSTREAM = re.compile(rb"^upstream[ \t]*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Package:
    """`directory` is empty for the root. `paths` are those of all sides, sorted; each belongs to one package."""

    directory: str
    paths: list[str] = field(default_factory=list)
    remote: bool = False

    def files_of(self, side: Files) -> dict[str, bytes]:
        return {path: side[path] for path in self.paths if path in side}


def find_packages(sides: Sides[Files]) -> list[Package]:
    """The root, then the sub-packages by name. What is inside a remote sub-package belongs to it."""
    paths = sorted({*sides.original, *sides.local, *sides.upstream})
    directories = sorted({"", *(_parent(path) for path in paths if _leaf(path) == kptfile.NAME)})
    remote = {directory for directory in directories if directory and _is_remote(directory, sides)}
    outermost = {
        directory: next((above for above in reversed(list(_ancestors(directory))) if above in remote), directory)
        for directory in directories
    }
    found = {directory: Package(directory, remote=directory in remote) for directory in directories}
    for path in paths:
        owner = next(above for above in _ancestors(_parent(path)) if above in found)
        found[outermost[owner]].paths.append(path)
    return [package for package in found.values() if package.paths]


def _is_remote(directory: str, sides: Sides[Files]) -> bool:
    """As the first side says that has a Kptfile there, local before the others."""
    path = f"{directory}/{kptfile.NAME}"
    order = (sides.local, sides.upstream, sides.original)
    return next((bool(_OWN_UPSTREAM.search(side[path])) for side in order if path in side), False)


def _ancestors(directory: str) -> Iterator[str]:
    """The directory and those above it, the root as the empty one."""
    while directory:
        yield directory
        directory = _parent(directory)
    yield ""


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _leaf(path: str) -> str:
    return path.rpartition("/")[2]

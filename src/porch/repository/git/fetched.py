"""One package out of a git repository that is not registered here: only what it needs is fetched, into a directory that
is removed afterwards.

The ref is looked up as upstream does it; then come the commit and its trees, without history, and of the files those of
the package. Remotes that cannot leave things out send more, up to a limit. What is wrong with the address is an Invalid
whose fields are relative to it: `repo`, `ref`, `directory`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from porch.errors import Details, FieldError, Invalid, NotFound, PorchError, ServiceUnavailable, invalid
from porch.repository.git.address import GitAddress
from porch.repository.git.mirror import MAX_FILES, Mirror
from porch.repository.git.objects import DIRECTORY, SUBMODULE
from porch.repository.git.refnames import HEADS, TAGS
from porch.repository.git.remote import RemoteOrigin
from porch.repository.interface import Credentials, Entry
from porch.types.packagerevision import GitLock

_OBJECT = re.compile(r"[0-9a-f]{40}")
_SHALLOW = ("--depth=1", "--filter=blob:none")
_NO_FILES = ("--filter=blob:none",)
_ALL = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_BLOCK = 512  # the limit is one of whole blocks
_KPTFILE = "Kptfile"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`directory` is without slashes at its ends, empty for the whole repository."""

    ref: str
    directory: str

    def __str__(self) -> str:
        return f"{self.directory}@{self.ref}"


@dataclass(frozen=True, slots=True)
class FetchedPackage:
    """A package and where it was found. Implements Content."""

    mirror: Mirror
    tree: str
    lock: GitLock

    @property
    def objects(self) -> str:
        return self.mirror.path

    def entries(self, tree: str) -> Mapping[str, Entry]:
        return self.mirror.entries(tree)

    def read_blobs(self, blobs: Sequence[str]) -> Sequence[bytes]:
        return self.mirror.blobs(blobs)


@contextmanager
def fetch_package(
    path: Path,
    address: GitAddress,
    wanted: Wanted,
    *,
    credentials: Credentials | None,
    ca: str,
    deadline: float,
    limit: int,
) -> Iterator[FetchedPackage]:
    """`path` is the directory to use; it is gone at the end. `limit` is bytes, of what is fetched and of the package.
    Network. Raises Invalid, ServiceUnavailable, and BadRequest for an address that must not be used.
    """
    mirror = Mirror.prepare(str(path))
    try:
        origin = RemoteOrigin(mirror, address, credentials, ca, deadline)
        try:
            commit = _fetch_commit(origin, mirror, wanted, limit)
            tree = _tree_of(mirror, commit, wanted)
            _fetch_files(origin, mirror, tree, wanted, limit)
        finally:
            origin.close()
        yield FetchedPackage(mirror, tree, _lock(address.url, wanted, commit))
    finally:
        mirror.close()
        shutil.rmtree(path, ignore_errors=True)


def local_package(path: Path, url: str, wanted: Wanted, limit: int) -> FetchedPackage:
    """The same out of a repository that lies on this machine. Raises Invalid."""
    mirror = Mirror(str(path))
    commit = _named(mirror.refs(), wanted) or (wanted.ref if _has_commit(mirror, wanted.ref) else "")
    if not commit:
        raise _no_ref(wanted)
    commit = mirror.peel(commit)
    tree = _tree_of(mirror, commit, wanted)
    _check_size(mirror, tree, limit)
    return FetchedPackage(mirror, tree, _lock(url, wanted, commit))


def _fetch_commit(origin: RemoteOrigin, mirror: Mirror, wanted: Wanted, limit: int) -> str:
    refs = origin.list_refs()
    if refs is None:
        raise origin.explain("the remote does not answer as a git repository does")
    found = _named(refs, wanted) or (wanted.ref if _OBJECT.fullmatch(wanted.ref) else "")
    if not found:
        raise _no_ref(wanted)
    try:
        _fetch(origin, mirror, [found], _SHALLOW, limit)
    except ServiceUnavailable:
        # An old server gives out only what a ref points at now; then the commit is looked for in the whole history.
        _fetch(origin, mirror, _ALL, _NO_FILES, limit)
    try:
        return mirror.peel(found)
    except NotFound as error:
        raise _no_ref(wanted) from error


def _fetch(origin: RemoteOrigin, mirror: Mirror, refspecs: Sequence[str], options: Sequence[str], limit: int) -> None:
    try:
        origin.fetch_objects(refspecs, options, limit)
    except PorchError as error:
        if any(file.stat().st_size > limit - _BLOCK for file in Path(mirror.path, "objects", "pack").glob("*")):
            raise _wrong("repo", "", f"more than {limit} bytes would have to be fetched") from error
        raise
    finally:
        Mirror.prepare(mirror.path)  # fetching a part leaves a configuration with which libgit2 does not open it


def _fetch_files(origin: RemoteOrigin, mirror: Mirror, tree: str, wanted: Wanted, limit: int) -> None:
    missing = [name for name in _blobs(mirror, tree, wanted) if not mirror.has(name)]
    if missing:
        _fetch(origin, mirror, missing, _NO_FILES, limit)
    _check_size(mirror, tree, limit)


def _check_size(mirror: Mirror, tree: str, limit: int) -> None:
    size = sum(entry.size for entry in mirror.entries(tree).values())
    if size > limit:
        raise _wrong("directory", "", f"the package has {size} bytes, and may have {limit}")


def _blobs(mirror: Mirror, tree: str, wanted: Wanted) -> list[str]:
    """The files of a package, of which there may be only the trees."""
    found: dict[str, None] = {}
    pending = [tree]
    while pending:
        for item in mirror.tree(pending.pop()):
            if item.mode == DIRECTORY:
                pending.append(item.id)
            elif item.mode != SUBMODULE:
                found[item.id] = None
        if len(found) + len(pending) > MAX_FILES:
            raise _wrong("directory", wanted.directory, f"the package has more than {MAX_FILES} files")
    return list(found)


def _tree_of(mirror: Mirror, commit: str, wanted: Wanted) -> str:
    item = mirror.item_at(mirror.commit(commit).tree, wanted.directory)
    if item is None or not item.is_directory:
        raise _wrong("directory", wanted.directory, f"cannot find package {wanted}: there is no such directory")
    kptfile = mirror.item_at(item.id, _KPTFILE)
    if kptfile is None or not kptfile.is_file:
        raise _wrong("directory", wanted.directory, f"cannot find package {wanted}: it has no Kptfile")
    return item.id


def _candidates(wanted: Wanted) -> Iterator[tuple[str, str]]:
    """What upstream tries, in its order: the name that it tells, and the ref that it means."""
    for name in (*((f"{wanted.directory}/{wanted.ref}",) if wanted.directory else ()), wanted.ref):
        yield name, TAGS + name
        yield f"refs/remotes/origin/{name}", HEADS + name


def _named(refs: Mapping[str, str], wanted: Wanted) -> str:
    """What the ref points at; empty when there is none."""
    if wanted.ref in refs:
        return refs[wanted.ref]
    return next((refs[ref] for _, ref in _candidates(wanted) if ref in refs), "")


def _has_commit(mirror: Mirror, name: str) -> bool:
    return bool(_OBJECT.fullmatch(name)) and mirror.has(name)


def _no_ref(wanted: Wanted) -> Invalid:
    tried = " ".join(name for name, _ in _candidates(wanted))
    return _wrong("ref", wanted.ref, f"cannot find package {wanted}: cannot find git reference (tried [{tried}])")


def _lock(url: str, wanted: Wanted, commit: str) -> GitLock:
    return GitLock(repo=url, directory=wanted.directory, ref=wanted.ref, commit=commit)


def _wrong(field: str, value: str, text: str) -> Invalid:
    cause = invalid(field, value, text) if value else FieldError(field, "FieldValueInvalid", f"Invalid value: {text}")
    return Invalid(text, details=Details(causes=(cause,)))

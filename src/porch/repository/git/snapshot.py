"""A hosted repository as few files that belong together: its refs at one moment, and one pack of all they lead to.

The refs are read first. Whatever they lead to is there by then and is never thrown away, so the pack is complete
although others push and repack meanwhile; git makes it, and looks for an object again when a repack has moved it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from porch.errors import ServiceUnavailable
from porch.repository.git.executable import GitFailed, run_git
from porch.repository.git.refs import all_refs

_FOLDERS = ("objects/info", "objects/pack", "refs/heads", "refs/tags")
_TRIES = 100
_DEADLINE = 3600.0


def refs_at_rest(path: str) -> dict[str, str]:
    """The refs, read until two readings agree, so that no publication is caught between its moves. A repository that
    never rests is taken as it was last.
    """
    before, now = all_refs(path), all_refs(path)
    for _ in range(_TRIES):
        if before == now:
            break
        before, now = now, all_refs(path)
    return now


def write_snapshot(path: str, refs: Mapping[str, str], folder: Path) -> list[str]:
    """Writes the files of a repository with just these refs into `folder`; returns their names there. Raises
    ServiceUnavailable when an object is missing.
    """
    (folder / "objects" / "pack").mkdir(parents=True)
    for name in ("HEAD", "config"):
        (folder / name).write_bytes(Path(path, name).read_bytes())
    lines = sorted((name.encode("utf-8", "surrogateescape"), target.encode()) for name, target in refs.items())
    (folder / "packed-refs").write_bytes(b"".join(b"%s %s\n" % (target, name) for name, target in lines))
    if refs:
        _pack(path, refs, folder / "objects" / "pack" / "pack")
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def _pack(path: str, refs: Mapping[str, str], base: Path) -> None:
    tips = "".join(f"{target}\n" for target in sorted(set(refs.values())))
    command = ["-c", "pack.threads=1", "pack-objects", "--revs", "--delta-base-offset", "-q", str(base)]
    try:
        run_git(command, cwd=path, stdin=tips.encode(), deadline=_DEADLINE, nice=True)
    except GitFailed as error:
        raise ServiceUnavailable(
            f"the repository {path} cannot be copied: {error}; after a power cut, start the server once: it writes "
            "again what was lost"
        ) from error


def complete(path: Path) -> None:
    """Makes what a snapshot leaves out: folders that are empty."""
    for folder in _FOLDERS:
        (path / folder).mkdir(parents=True, exist_ok=True)

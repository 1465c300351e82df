"""Throwing away what nothing leads to any more, and what processes left behind that died.

Git knows how old an object is, but not since when nothing leads to it. So each round remembers where the refs were,
and the next one keeps all that these lead to: whatever was reachable then outlives one more period. What was never
reachable, like a draft that was not pushed, has as long from when it was written.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from porch.observe.faults import reach
from porch.repository.git.executable import GitFailed, run_git
from porch.repository.git.refs import all_refs, clear_stale_locks

_REMEMBERED = "porch-tips"
KEPT = "refs/porch/kept/"
_DEADLINE = 3600.0
_LEFT_BEHIND = (
    "objects/pack/tmp_*",
    "objects/pack/.tmp-*",
    "objects/??/tmp_obj_*",
    "objects/tmp_objdir-*",
    "objects/incoming-*",
    "objects/pack/*.lock",
    "objects/info/*.lock",
    "objects/info/commit-graphs/*.lock",
    "*.lock",
    "*.new",
)
_OLD_SECONDS = 3600.0  # nothing works on one file for so long


def clear_leftovers(path: str, now: float, seconds: float = _OLD_SECONDS) -> int:
    """Takes away locks and temporary files of processes that died, and half-made copies beside the repository, once
    they are this old; how many.
    """
    clear_stale_locks(path)
    folder = Path(path)
    found = [file for pattern in _LEFT_BEHIND for file in folder.glob(pattern)]
    found += [*folder.parent.glob(f"{folder.name}.*.new"), *folder.parent.glob(f"{folder.name}.*.old")]
    return sum(_remove_old(file, now - seconds) for file in found)


def _remove_old(file: Path, before: float) -> bool:
    with suppress(FileNotFoundError):
        if file.stat().st_mtime < before:
            shutil.rmtree(file, ignore_errors=True) if file.is_dir() else file.unlink()
            return True
    return False


def collect(path: str, keep: Callable[[], Collection[str]], seconds: float, now: float | None = None) -> bool:
    """See `Repository.collect`. The first round only remembers. A failure leaves everything as it is."""
    remembered = Path(path, _REMEMBERED)
    now = time.time() if now is None else now
    try:
        if now - remembered.stat().st_mtime < seconds:
            return False
        before = set(remembered.read_text("ascii").split())
    except FileNotFoundError:
        before = None
    tips = set(all_refs(path).values())
    kept = set(keep())
    if before is not None:
        try:
            _drop(path, (before | kept) - tips, int(now - seconds))
        except GitFailed:
            return False
    fresh = remembered.with_suffix(".new")
    fresh.write_text("\n".join(sorted(tips | kept)), "ascii")
    os.utime(fresh, (now, now))
    fresh.replace(remembered)
    return True


def _drop(path: str, keep: Collection[str], before: int) -> None:
    """While git looks, refs of our own hold what is kept; they are hidden from all others."""
    _keep_refs(path, keep)
    try:
        settings = ("pack.threads=1", "core.fsync=pack,pack-metadata,reference", "repack.writeBitmaps=false")
        command = [word for setting in settings for word in ("-c", setting)]
        expired = f"@{before}"
        repack = ["repack", "-d", "-l", "-n", "-q", "--cruft", f"--cruft-expiration={expired}"]
        run_git([*command, *repack], cwd=path, deadline=_DEADLINE, nice=True)
        reach("objects-collected")
        run_git([*command, "prune", f"--expire={expired}"], cwd=path, deadline=_DEADLINE, nice=True)
    finally:
        _keep_refs(path, ())


def _keep_refs(path: str, names: Collection[str]) -> None:
    """Makes these refs, of those objects that are there, and takes all others of the kind away."""
    listed = run_git(["for-each-ref", "--format=%(refname)", KEPT], cwd=path).decode().split()
    lines = [f"delete {ref}" for ref in listed if ref.removeprefix(KEPT) not in names]
    lines += [f"update {KEPT}{name} {name}" for name in _present(path, names)]
    if lines:
        run_git(["update-ref", "--stdin"], cwd=path, stdin="\n".join([*lines, ""]).encode())


def _present(path: str, names: Collection[str]) -> Iterator[str]:
    if not names:
        return
    asked = "".join(f"{name}\n" for name in sorted(names)).encode()
    answer = run_git(["cat-file", "--batch-check=%(objectname) %(objecttype)"], cwd=path, stdin=asked).decode()
    for line in answer.splitlines():
        name, _, kind = line.partition(" ")
        if kind != "missing":
            yield name

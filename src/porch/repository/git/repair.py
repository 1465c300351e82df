"""A local copy that is damaged: found out by git itself, and made anew from the remote.

The new copy is complete before it takes the place of the old one, and takes along what is sound in that: objects that
the remote does not have (any more), and drafts that are on their way. Readers find one or the other.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from porch.observe.faults import reach
from porch.repository.git.executable import GitFailed, GitTimeout, run_git
from porch.repository.git.mirror import Mirror

_DEADLINE = 3600.0
_MISSING, _BAD_PACK = 2, 4  # bits of fsck's exit code; the lowest is also set by odd but whole objects
_OBJECT_LIMIT = 1024 * 1024 * 1024


def damage(path: str) -> str:
    """See `Repository.damage`. Asked twice before it is believed: a repack beside it may have moved a pack away."""
    return _fsck(path) and _fsck(path)


def _fsck(path: str) -> str:
    command = ["fsck", "--full", "--no-dangling", "--no-reflogs", "--no-progress"]
    try:
        run_git(command, cwd=path, deadline=_DEADLINE, nice=True)
    except GitTimeout:
        return ""
    except GitFailed as error:
        return _damage_in(str(error).replace(f"{path}/", ""), error.code)
    return ""


def _damage_in(text: str, code: int) -> str:
    """Git complains of more than damage: of objects that are whole but odd ("error in"), and of branches that lead to
    no commit. The remote has them just so.
    """
    lines = [line for line in text.split("; ") if line.startswith(("error:", "fatal:"))]
    told = "; ".join(line for line in lines if not line.endswith("not a commit"))
    return told or ("objects are missing" if code & (_MISSING | _BAD_PACK) else "")


def rebuild(mirror: Mirror, fetch: Callable[[str], None]) -> None:
    """`fetch` brings everything from the remote into the repository at a path, the mirror's own when that is empty.
    Raises what it raises; then the old copy stays.
    """
    path = mirror.path
    fresh, aside = (f"{path}.{secrets.token_hex(4)}.{why}" for why in ("new", "old"))
    try:
        Mirror.prepare(fresh)
        fetch(fresh)
        _take_along(Path(path), Path(fresh))
        reach("mirror-rebuilt")
        os.rename(path, aside)  # noqa: PTH104 - these are texts
        os.rename(fresh, path)  # noqa: PTH104
        reach("mirror-replaced")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    mirror.close()  # its handles are those of the old copy
    _take_along(Path(aside), Path(path))  # what was written meanwhile
    shutil.rmtree(aside, ignore_errors=True)
    fetch("")


def _take_along(old: Path, new: Path) -> None:
    for file in old.glob("*.pem"):
        shutil.copy(file, new / file.name)
    for name in _sound_loose(old / "objects"):
        target = new / "objects" / name
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            with suppress(FileExistsError):
                os.link(old / "objects" / name, target)
    for index in (old / "objects" / "pack").glob("*.idx"):
        if _is_sound_pack(index):
            for file in (index.with_suffix(".pack"), index):  # in this order: the index makes a pack known
                with suppress(FileExistsError):
                    os.link(file, new / "objects" / "pack" / file.name)


def _sound_loose(objects: Path) -> Iterator[str]:
    for file in objects.glob("[0-9a-f][0-9a-f]/*"):
        name = f"{file.parent.name}{file.name}"
        with suppress(OSError, zlib.error):
            if len(name) == 40 and _name_of(file) == name:
                yield f"{file.parent.name}/{file.name}"


def _name_of(file: Path) -> str:
    content = zlib.decompressobj().decompress(file.read_bytes(), _OBJECT_LIMIT)
    return hashlib.sha1(content).hexdigest()  # noqa: S324 - git's own


def _is_sound_pack(index: Path) -> bool:
    try:
        run_git(["verify-pack", str(index)], cwd=str(index.parent), deadline=_DEADLINE, nice=True)
    except GitFailed:
        return False
    return True

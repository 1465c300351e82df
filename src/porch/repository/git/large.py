"""Contents one at a time, so that a package of many megabytes is never in memory as a whole.

A large content is stored before its draft is, as a loose object that is durable at once; many contents are read through
one git process. Compressing, hashing and reading leave the interpreter to others meanwhile.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from porch.durable import sync_folder
from porch.errors import InternalError, NotFound, ServiceUnavailable
from porch.repository.git.executable import GitFailed, conversation
from porch.repository.git.objects import BLOB, header, object_id

LARGE = 1024 * 1024
"""Bytes of a content that is stored on its own."""
_PIECE = 256 * 1024
_SAMPLE = 64 * 1024
_WINDOWS = ("-c", "core.packedGitWindowSize=4m", "-c", "core.packedGitLimit=16m")
"""How much of its packs git maps at once; all of them count as its memory."""


def store_large(path: str, data: bytes) -> str:
    """The id of the content, durable in the repository at `path`."""
    name = object_id(BLOB, data)
    folder = Path(path, "objects", name[:2])
    target = folder / name[2:]
    temporary = folder / f"tmp_obj_{secrets.token_hex(8)}"  # git knows and ignores such names
    try:
        folder.mkdir(exist_ok=True)
        if target.exists() and target.stat().st_size:
            with target.open("rb") as file:
                os.fsync(file.fileno())  # nobody may have done so yet
        else:
            _write(temporary, data)
            temporary.rename(target)
        sync_folder(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ServiceUnavailable(f"cannot write to the server's data directory: {error.strerror}") from error
    return name


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        for piece in _compressed(data):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o444)


def _compressed(data: bytes) -> Iterator[bytes]:
    sample = data[:_SAMPLE]
    is_dense = len(zlib.compress(sample, 1)) > len(sample) * 0.95
    encoder = zlib.compressobj(0 if is_dense else 1)  # images and archives only cost time
    yield encoder.compress(header(BLOB, len(data)))
    view = memoryview(data)
    for start in range(0, len(data), _PIECE):
        yield encoder.compress(view[start : start + _PIECE])
    yield encoder.flush()


def each_blob(path: str, names: Sequence[str]) -> Iterator[bytes]:
    """Raises NotFound, InternalError."""
    try:
        with conversation([*_WINDOWS, "cat-file", "--batch"], cwd=path) as git:
            for name in names:
                git.send(f"{name}\n".encode())
                words = git.line().split()
                if len(words) != 3 or words[1] != BLOB.encode():
                    raise NotFound(f"git object {name} is not there")
                yield git.read(int(words[2]))
                git.read(1)
    except GitFailed as error:
        raise InternalError(f"cannot read the content: {error}") from error

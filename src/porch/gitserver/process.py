"""The two git programs behind smart HTTP, each in a process group of its own that dies with its request.

Git gets no environment but what is named here, no user or system configuration, and never runs a hook.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import structlog

from porch.errors import InternalError, Timeout

_CHUNK = 64 * 1024
_TERM_SECONDS = 2.0
_LAST_WORDS = 2000
_log = structlog.get_logger(__name__)
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "receive.autogc=false", "-c", "uploadpack.allowFilter=true")
# A push is acknowledged only when it survives a power cut, and a few bytes that unpack to a huge file stay on disk.
_RECEIVE = (
    *("-c", "receive.fsckObjects=true"),
    *("-c", "core.fsync=committed,reference"),
    *("-c", "receive.unpackLimit=1"),  # one pack to sync, not many objects
    *("-c", "core.bigFileThreshold=32m"),
)
_FORWARD_ONLY = ("-c", "receive.denyNonFastForwards=true")


def _environment(protocol: str) -> dict[str, str]:
    fixed = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }
    return fixed | ({"GIT_PROTOCOL": protocol} if protocol else {})


def upload_pack(path: Path, *, advertise: bool) -> list[str]:
    mode = ["--http-backend-info-refs"] if advertise else []
    return ["git", *_SAFE, "upload-pack", "--stateless-rpc", "--strict", *mode, str(path)]


def receive_pack(path: Path, *, advertise: bool = False, forward_only: bool = False) -> list[str]:
    mode = ["--http-backend-info-refs"] if advertise else []
    config = [*_SAFE, *_RECEIVE, *(_FORWARD_ONLY if forward_only else ())]
    return ["git", *config, "receive-pack", "--stateless-rpc", *mode, str(path)]


async def stream(command: Sequence[str], stdin: BinaryIO, protocol: str = "") -> AsyncGenerator[bytes, None]:
    """The output of `command` as it comes. Leaving the iteration ends the process. Raises InternalError when git
    fails before it said anything; later failures are told by git inside of its protocol.
    """
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=_rewound(stdin),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=_environment(protocol),
            start_new_session=True,
            limit=_CHUNK,
        )
        assert process.stdout is not None
        silent = True
        try:
            while chunk := await process.stdout.read(_CHUNK):
                silent = False
                yield chunk
            if await process.wait() and silent:
                raise _failed(process.returncode, errors)
        finally:
            if process.returncode is None:
                _signal(process.pid, signal.SIGKILL)
                while await process.stdout.read(_CHUNK):
                    """What it had said already: the pipe is closed only when all of it was read."""
                await process.wait()


def run(command: Sequence[str], stdin: BinaryIO, seconds: float) -> bytes:
    """The whole output of `command`. Raises Timeout, after git had a moment to take away its temporary objects, and
    InternalError as `stream` does.
    """
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdin=_rewound(stdin),
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(""),
            start_new_session=True,
        ) as process,
    ):
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            _signal(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_TERM_SECONDS)
            _signal(process.pid, signal.SIGKILL)
            raise Timeout(f"git took longer than {seconds:g} s with this push") from error
        finally:
            if process.returncode is None:
                _signal(process.pid, signal.SIGKILL)
        if process.returncode and not output:
            raise _failed(process.returncode, errors)
        return output


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _failed(status: int | None, errors: BinaryIO) -> InternalError:
    """Git's own words go to the log only: they may name directories of this machine."""
    errors.seek(max(0, errors.seek(0, os.SEEK_END) - _LAST_WORDS))
    _log.error("git failed", status=status, stderr=errors.read().decode(errors="replace").strip())
    return InternalError("git failed in the server; its log has the cause")


def _rewound(file: BinaryIO) -> BinaryIO:
    """Git reads from the descriptor, whose position Python's own `seek` need not move."""
    file.flush()
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    return file

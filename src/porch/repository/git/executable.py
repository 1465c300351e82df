"""Running the git executable: with an environment of our own, a deadline, and an end for all that it started.

Nothing of the user's or the system's git configuration, credentials or helpers has any effect. Secrets are handed over
in the environment, never as arguments, and git does not print them.
"""

from __future__ import annotations

import functools
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from porch.errors import InternalError

MINIMUM = (2, 39)
_TEXT_LIMIT = 2000
_DEADLINE = 120.0
_POLITELY = ("nice", "-n", "19")
_LIMITED = ("sh", "-c", 'ulimit -f "$0" && exec "$@"')
_BLOCK = 512  # bytes; the unit of that limit


class GitFailed(Exception):
    """git ended with an error; the text is what it said, `code` the exit code if it ended by itself. Never leaves this
    room.
    """

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class GitTimeout(GitFailed):
    """git took too long and was killed."""


@functools.cache
def _home() -> str:
    """An empty home directory, so that no configuration is found there. It lasts as long as this process."""
    holder = tempfile.TemporaryDirectory(prefix="porch-git-")
    _keep.append(holder)
    return holder.name


_keep: list[tempfile.TemporaryDirectory[str]] = []


def check_git() -> None:
    """Raises InternalError with the remedy when there is no git, or one that is too old."""
    wanted = ".".join(map(str, MINIMUM))
    try:
        answer = run_git(["--version"], deadline=10).decode("utf-8", "replace").strip()
    except GitFailed as error:
        raise InternalError(f"git {wanted} or newer is needed, and cannot be run: {error}") from error
    match = re.search(r"(\d+)\.(\d+)", answer)
    if match is None or (int(match[1]), int(match[2])) < MINIMUM:
        raise InternalError(f"git {wanted} or newer is needed, found: {answer}; install a newer git")


def environment(protocol: str = "", config: Mapping[str, str] | None = None) -> dict[str, str]:
    """`protocol` is the only transport that git may use, none when empty. `config` may hold secrets."""
    settings = {"credential.helper": "", "gc.auto": "0", **(config or {})}
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": _home(),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for index, (key, value) in enumerate(settings.items()):
        env[f"GIT_CONFIG_KEY_{index}"] = key
        env[f"GIT_CONFIG_VALUE_{index}"] = value
    return env


def run_git(
    arguments: Sequence[str],
    *,
    cwd: str | None = None,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    deadline: float = _DEADLINE,
    nice: bool = False,
    file_limit: int = 0,
) -> bytes:
    """What git printed. Raises GitFailed with its words, GitTimeout after `deadline` seconds. A `nice` git gives way
    to everybody else. No file that it writes may exceed `file_limit` bytes, if given.
    """
    limited = (*_LIMITED, str(max(file_limit // _BLOCK, 1))) if file_limit else ()
    command = [*(_POLITELY if nice else ()), *limited, "git", *arguments]
    with _started(command, cwd, env or environment(), subprocess.PIPE) as process:
        try:
            output, errors = process.communicate(stdin, deadline)
        except subprocess.TimeoutExpired as error:
            raise GitTimeout(f"no answer within {deadline:g} s") from error
        finally:
            _end(process)
    if process.returncode:
        raise GitFailed(clean(errors) or f"git ended with {process.returncode}", process.returncode)
    return output


class Conversation:
    """A git that answers one question after the other. Raises GitFailed when it has ended instead."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._questions, self._answers = process.stdin, process.stdout

    def send(self, question: bytes) -> None:
        try:
            self._questions.write(question)
            self._questions.flush()
        except OSError as error:
            raise GitFailed("git has ended") from error

    def line(self) -> bytes:
        return self._answers.readline()

    def read(self, size: int) -> bytes:
        data = self._answers.read(size)
        if len(data) != size:
            raise GitFailed("git has ended in the middle of an answer")
        return data


@contextmanager
def conversation(arguments: Sequence[str], *, cwd: str) -> Iterator[Conversation]:
    """It is killed at the end of the block. For what only reads this disk: nothing else says when to give up."""
    with _started(["git", *arguments], cwd, environment(), subprocess.DEVNULL) as process:
        try:
            yield Conversation(process)
        finally:
            _end(process)


def _started(command: Sequence[str], cwd: str | None, env: Mapping[str, str], errors: int) -> subprocess.Popen[bytes]:
    """A process group of its own, spoken to through pipes; `errors` is where its words go. Raises GitFailed."""
    try:
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    except OSError as error:
        raise GitFailed(f"git cannot be started: {error.strerror}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills what is left of the process group: git starts helpers for transports."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        process.wait()


def clean(text: bytes) -> str:
    """Foreign words made fit for a message: printable, one line, short."""
    words = text.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    joined = "; ".join(filter(None, (line.strip() for line in words)))
    return re.sub(r"[\x00-\x1f\x7f]", " ", joined)[:_TEXT_LIMIT]

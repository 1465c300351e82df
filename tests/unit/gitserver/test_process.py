"""How git is run for a request: alone, with nothing of this process's surrounding, and not for ever."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from porch.errors import InternalError, Timeout
from porch.gitserver import process


@pytest.fixture
def stdin() -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as file:
        yield file


def test_git_sees_no_variable_of_the_server(stdin: BinaryIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORCH_SECRET", "x")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("LD_PRELOAD", "")
    names = {line.partition(b"=")[0].decode() for line in process.run(["env"], stdin, 20).splitlines()}
    allowed = {"PATH", "HOME", "LC_ALL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL", "GIT_TERMINAL_PROMPT"}
    assert names <= allowed


def test_the_body_is_read_from_its_start_wherever_the_file_stands(stdin: BinaryIO) -> None:
    stdin.write(b"the whole body")
    stdin.seek(4)
    assert stdin.read(3) == b"who"
    assert process.run(["cat"], stdin, 20) == b"the whole body"


def test_what_takes_too_long_is_ended_with_its_children(stdin: BinaryIO, tmp_path: Path) -> None:
    child = tmp_path / "pid"
    stubborn = "trap '' TERM; sleep 600 & echo $! > \"$1\"; wait; wait"
    with pytest.raises(Timeout, match=r"longer than 0\.3 s"):
        process.run(["sh", "-c", stubborn, "sh", str(child)], stdin, 0.3)
    _wait_until_gone(child.read_text().strip())


def _wait_until_gone(pid: str) -> None:
    """The kernel ends a killed process in its own time."""
    deadline = time.monotonic() + 20
    while _lives(pid):
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.01)


def _lives(pid: str) -> bool:
    """A killed process that nobody has waited for yet has no command line any more."""
    try:
        return bool(Path("/proc", pid, "cmdline").read_bytes())
    except FileNotFoundError:
        return False


def test_a_failure_is_ours_and_hides_git_s_words(stdin: BinaryIO) -> None:
    with pytest.raises(InternalError) as caught:
        process.run(["sh", "-c", "echo /secret/directory >&2; exit 3"], stdin, 20)
    assert "secret" not in str(caught.value)


def test_a_failure_that_git_told_in_its_protocol_is_an_answer(stdin: BinaryIO) -> None:
    assert process.run(["sh", "-c", "echo told; exit 3"], stdin, 20) == b"told\n"


def test_a_body_must_be_a_file() -> None:
    with pytest.raises(io.UnsupportedOperation):
        process.run(["cat"], io.BytesIO(b"x"), 20)

"""Running git: with nothing of the user's, not for ever, and of the right age."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from porch.errors import InternalError
from porch.repository.git import check_git
from porch.repository.git.executable import GitFailed, GitTimeout, environment, run_git


def fake_git(folder: Path, script: str, patch: pytest.MonkeyPatch) -> None:
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    patch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_the_git_of_this_machine_will_do() -> None:
    check_git()


@pytest.mark.parametrize("answer", ["git version 2.38.1", "git version 1.9", "something else"])
def test_an_old_git_is_refused_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    fake_git(tmp_path, f"echo {answer}", monkeypatch)
    with pytest.raises(InternalError, match=r"git 2\.39 or newer is needed"):
        check_git()


def test_no_git_is_refused_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InternalError, match=r"git 2\.39 or newer is needed"):
        check_git()


def test_a_git_that_hangs_is_killed_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_git(tmp_path, "sleep 60 & echo $! > child; wait", monkeypatch)
    with pytest.raises(GitTimeout, match=r"no answer within 0\.5 s"):
        run_git(["anything"], cwd=str(tmp_path), deadline=0.5)
    child = (tmp_path / "child").read_text().strip()
    deadline = time.monotonic() + 20  # the kernel ends what was killed when it next runs it
    while _lives(child):
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.01)


def _lives(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_git_says_is_one_short_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_git(tmp_path, "printf 'one\\r\\ntwo\\033[31m\\n\\n' >&2; exit 3", monkeypatch)
    with pytest.raises(GitFailed) as caught:
        run_git(["anything"])
    assert str(caught.value) == "one; two [31m"


def test_settings_travel_in_the_environment(tmp_path: Path) -> None:
    env = environment("https", {"http.https://example.com/.extraHeader": "Authorization: x"})
    assert run_git(["config", "--get-urlmatch", "http.extraHeader", "https://example.com/r"], env=env).strip() == (
        b"Authorization: x"
    )
    assert env["GIT_ALLOW_PROTOCOL"] == "https"
    assert list(Path(env["HOME"]).iterdir()) == []

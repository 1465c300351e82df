"""What was acknowledged survives a power cut: files that were not synced yet may be gone, empty or torn afterwards."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import REPOSITORIES, RESOURCES, REVISIONS, Api, Json, Lost, register, revision
from tests.support.githttp import git

MOST = 30


def written(repository: Path) -> set[Path]:
    return {path for folder in ("objects", "refs") for path in (repository / folder).rglob("*") if path.is_file()}


@pytest.mark.parametrize("loss", ["gone", "empty", "torn"])
def test_acknowledged_writes_come_back_from_their_redo_records(make: Make, loss: str) -> None:
    """The server dies just before it syncs its files, and nothing that it wrote since the start is on the disk."""
    porch = make()
    api = porch.launch(fault="unsynced")
    register(api, "work", "hosted:///work")
    repository = porch.hosted("default", "work")
    before = written(repository)
    acknowledged = _work(api)
    assert porch.died() == signal.SIGKILL
    assert acknowledged
    _lose(written(repository) - before, loss)
    api = porch.launch()
    assert {path: api.do("GET", path) for path in acknowledged} == acknowledged
    git("fsck", "--full", "--strict", cwd=repository)
    drafts = git("for-each-ref", "--format=%(refname)", "refs/heads/drafts", cwd=repository).splitlines()
    assert len(drafts) == len(api.names())


def _work(api: Api) -> dict[str, Json]:
    """Creates packages and saves files until the server dies; what it acknowledged, by path."""
    answers: dict[str, Json] = {}
    for number in range(MOST):
        name = f"work.web{number}.v1"
        with suppress(Lost):
            made = api.do("POST", REVISIONS, revision("work", f"web{number}", labels={"n": "m"}))
            answers[f"{REVISIONS}/{name}"] = made
            answer = api.patch(f"{RESOURCES}/{name}", {"spec": {"resources": {"more.txt": "more\n" * number}}})
            answers[f"{RESOURCES}/{name}"] = answer.json
            answers[f"{REVISIONS}/{name}"] = api.do("GET", f"{REVISIONS}/{name}")
            continue
        answers.pop(f"{REVISIONS}/{name}", None)  # its save may or may not have been done
        break
    return answers


def _lose(files: set[Path], how: str) -> None:
    for file in files:
        if how == "gone":
            file.unlink()
        else:
            file.chmod(0o600)
            os.truncate(file, 0 if how == "empty" else file.stat().st_size // 2)


def test_redo_records_do_not_bring_back_what_was_deleted(make: Make) -> None:
    porch = make()
    api = porch.launch()
    register(api, "work", "hosted:///work")
    api.do("POST", REVISIONS, revision("work", "web"))
    api.do("DELETE", f"{REVISIONS}/work.web.v1")
    api = porch.again()
    assert api.names() == []
    api.do("POST", REVISIONS, revision("work", "web"))
    assert porch.again().names() == ["work.web.v1"]
    assert porch.api.do("GET", f"{REPOSITORIES}/work")["status"]["conditions"][0]["status"] == "True"

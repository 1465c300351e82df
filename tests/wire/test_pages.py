"""Pages whose commands are run as they are printed there, with the output that they promise."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.githttp import git
from tests.support.server import Server
from tests.wire.examples import examples, same

_DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def fresh(surrounding: None, tmp_path: Path) -> Iterator[Server]:
    """A server of its own: the pages work in namespace default."""
    with Server(tmp_path / "data") as running:
        yield running


@pytest.mark.parametrize(("page", "commands"), [("tasks.md", 16), ("tutorial.md", 25)])
def test_the_commands_print_what_the_page_shows(fresh: Server, page: str, commands: int) -> None:
    found = examples((_DOCS / page).read_text())
    assert len(found) == commands
    functions = ""
    for command, promised in found:
        if "() {" in command:
            functions += f"{command}\n"
            continue
        done = subprocess.run(
            ["bash", "-c", functions + command],
            env=fresh.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert same(done.stderr + done.stdout) == same(promised), command
    for repository in (fresh.kubeconfig.parent / "git" / "hosted" / "default").iterdir():
        git("fsck", "--strict", "--full", "--no-dangling", cwd=repository)

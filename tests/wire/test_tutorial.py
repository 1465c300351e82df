"""docs/tutorial.md: its commands are run as they are printed there, with the output that it promises."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.githttp import git
from tests.support.server import Server
from tests.wire.examples import examples, same

_PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"


@pytest.fixture
def fresh(surrounding: None, tmp_path: Path) -> Iterator[Server]:
    """A server of its own: the page works in namespace default."""
    with Server(tmp_path / "data") as running:
        yield running


def test_the_tutorial_prints_what_it_shows(fresh: Server) -> None:
    found = examples(_PAGE.read_text())
    assert len(found) >= 25
    functions = ""
    for command, promised in found:
        if "() {" in command:
            functions += command + "\n"
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
    for name in ("blueprints", "sites"):
        git("fsck", "--strict", "--full", "--no-dangling", cwd=fresh.hosted("default", name))

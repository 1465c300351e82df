"""docs/tasks.md: its examples are run as they are printed there, with the output that it promises."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import Server
from tests.wire.examples import examples, same

_PAGE = Path(__file__).parents[2] / "docs" / "tasks.md"


@pytest.fixture
def fresh(surrounding: None, tmp_path: Path) -> Iterator[Server]:
    """A server of its own: the page works in namespace default."""
    with Server(tmp_path / "data") as running:
        yield running


def test_the_examples_print_what_the_page_shows(fresh: Server) -> None:
    found = examples(_PAGE.read_text())
    assert len(found) == 16
    for command, promised in found:
        done = subprocess.run(
            ["bash", "-c", command], env=fresh.environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert same(done.stderr + done.stdout) == same(promised), command

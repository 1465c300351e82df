"""Servers of their own for each test, and one that the tests share that leave it as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scenario.running import Porch
from tests.support.githttp import GitHttp

Make = Callable[..., Porch]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes servers that are not started yet; they are stopped after the test."""
    made: list[Porch] = []

    def one(*options: str) -> Porch:
        made.append(Porch(tmp_path / f"data{len(made)}", *options))
        return made[-1]

    yield one
    for porch in made:
        porch.end()


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[GitHttp]:
    (tmp_path / "remote").mkdir()
    with GitHttp(tmp_path / "remote") as server:
        yield server

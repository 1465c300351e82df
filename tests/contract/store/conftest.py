"""The adapters under contract. A new one is a module-level function and its line in ADAPTERS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from porch.store import Store
from porch.store.sqlite import open_store

Opener = Callable[[Path], Store]


def open_sqlite(directory: Path) -> Store:
    return open_store(directory / "porch.db")


ADAPTERS: dict[str, Opener] = {"sqlite": open_sqlite}


@pytest.fixture(params=ADAPTERS)
def opener(request: pytest.FixtureRequest) -> Opener:
    """Opens the store of a directory; the same directory gives the same data again."""
    return ADAPTERS[request.param]


@pytest.fixture
def store(opener: Opener, tmp_path: Path) -> Iterator[Store]:
    store = opener(tmp_path)
    yield store
    store.close()

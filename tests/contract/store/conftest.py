"""The adapters under contract. A new one is a module-level function and its line in ADAPTERS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from porch.store import Store, postgres, sqlite
from tests.support.postgres import database, shared_server

Opener = Callable[[Path], Store]


def open_sqlite(directory: Path) -> Store:
    return sqlite.open_store(directory / "porch.db")


def open_postgres(directory: Path) -> Store:
    return postgres.open_store(database(shared_server(), directory))


ADAPTERS: dict[str, Opener] = {"sqlite": open_sqlite, "postgres": open_postgres}


@pytest.fixture(params=ADAPTERS)
def opener(request: pytest.FixtureRequest) -> Opener:
    """Opens the store of a directory; the same directory gives the same data again."""
    return ADAPTERS[request.param]


@pytest.fixture
def store(opener: Opener, tmp_path: Path) -> Iterator[Store]:
    store = opener(tmp_path)
    yield store
    store.close()

"""An empty store, the Events in it, and a world of controllers around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from porch.objects import StoredObjects
from porch.store import Store
from porch.store.sqlite import open_store
from porch.strategy.event import EventStrategy
from porch.types.core import EVENT
from tests.unit.controllers.working import World


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "porch.db")
    yield opened
    opened.close()


@pytest.fixture
def events(store: Store) -> StoredObjects:
    return StoredObjects(store, EventStrategy(EVENT))


@pytest.fixture
def world(store: Store) -> World:
    return World(store)

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from porch.store.sqlite import open_store
from tests.unit.controllers.working import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = open_store(tmp_path / "porch.db")
    yield World(store)
    store.close()

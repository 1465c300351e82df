"""A wire over a real store; its package revisions also answer to dashed names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from porch.apiserver.interface import Resource
from porch.store import Store
from porch.store.sqlite import open_store
from porch.strategy.interface import Column, Strategy
from porch.types.core import CONFIG_MAP, NAMESPACE
from porch.types.package import PORCH_PACKAGE
from porch.types.packagerevision import PACKAGE_REVISION
from porch.types.repository import REPOSITORY
from tests.support.wire import DashedNames, Wire, resource_of

MAX_BODY = 64 * 1024


class Versioned(Strategy):
    """Updates must name the version that they replace, as those of custom resources."""

    must_name_version = True
    columns = (Column("Name", format="name"), Column("Age", "date"), Column("Repo", priority=1))

    def cells(self, obj: object, age: str) -> list[object]:
        return [obj.metadata.name, age, obj.spec.git.repo if obj.spec.git else ""]  # type: ignore[attr-defined]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "porch.db")
    yield opened
    opened.close()


@pytest.fixture
def resources(store: Store) -> list[Resource]:
    revisions = Strategy(PACKAGE_REVISION)
    return [
        resource_of(store, Strategy(CONFIG_MAP), max_body=MAX_BODY),
        resource_of(store, Strategy(NAMESPACE)),
        resource_of(store, Strategy(PORCH_PACKAGE)),
        resource_of(store, Versioned(REPOSITORY)),
        Resource(PACKAGE_REVISION, DashedNames(store, revisions), revisions, cheap_reads=False),
    ]


@pytest.fixture
def wire(resources: list[Resource], store: Store) -> Iterator[Wire]:
    with structlog.testing.capture_logs(), Wire(resources, store) as opened:
        yield opened

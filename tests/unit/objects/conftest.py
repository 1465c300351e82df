"""A store on disk and the storages that a standalone server puts over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from porch.objects import Call, Caller
from porch.objects.bootstrap import create_system_namespaces
from porch.objects.checks import namespace_exists, repository_conflicts, system_namespaces_stay
from porch.objects.stored import StoredObjects
from porch.store import Store
from porch.store.sqlite import open_store
from porch.strategy.configmap import ConfigMapStrategy
from porch.strategy.namespace import NamespaceStrategy
from porch.strategy.repository import RepositoryStrategy
from porch.types.core import CONFIG_MAP, NAMESPACE
from porch.types.repository import REPOSITORY


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "porch.db")
    yield opened
    opened.close()


@pytest.fixture
def call() -> Call:
    return Call(Caller("jane"))


@pytest.fixture
def rehearsal() -> Call:
    """A dry run."""
    return Call(Caller("jane"), dry_run=True)


@pytest.fixture
def namespaces(store: Store) -> StoredObjects:
    storage = StoredObjects(store, NamespaceStrategy(NAMESPACE), deletion_checks=(system_namespaces_stay,))
    create_system_namespaces(storage)
    return storage


@pytest.fixture
def config_maps(store: Store, namespaces: StoredObjects) -> StoredObjects:
    return StoredObjects(store, ConfigMapStrategy(CONFIG_MAP), (namespace_exists(CONFIG_MAP),))


@pytest.fixture
def repositories(store: Store, namespaces: StoredObjects) -> StoredObjects:
    return StoredObjects(store, RepositoryStrategy(REPOSITORY), (namespace_exists(REPOSITORY), repository_conflicts))

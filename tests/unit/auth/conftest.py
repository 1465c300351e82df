"""An empty store and the storages of the RBAC kinds over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from porch.apiserver.authz import check_binding, check_role
from porch.objects import ResourceStorage
from porch.objects.stored import StoredObjects
from porch.store import Store
from porch.store.sqlite import open_store
from porch.strategy.rbac import BindingStrategy, RoleStrategy
from porch.types.rbac import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING

Storages = Mapping[str, ResourceStorage]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "porch.db")
    yield opened
    opened.close()


@pytest.fixture
def storages(store: Store) -> Storages:
    roles = [StoredObjects(store, RoleStrategy(kind), [check_role]) for kind in (ROLE, CLUSTER_ROLE)]
    bindings = [
        StoredObjects(store, BindingStrategy(kind), [check_binding]) for kind in (ROLE_BINDING, CLUSTER_ROLE_BINDING)
    ]
    return {str(storage.kind.resource): storage for storage in (*roles, *bindings)}


@pytest.fixture
def storage(storages: Storages) -> Callable[[str], ResourceStorage]:
    """By plural: `storage("roles")`."""
    return lambda plural: storages[f"{plural}.rbac.authorization.k8s.io"]

"""The default service account of every namespace."""

from __future__ import annotations

import pytest

from porch.controllers.accounts import AccountController
from porch.engine import WatcherManager
from porch.objects import Call, Caller, DeleteOptions, ListOptions, ResourceStorage, StoredObjects
from porch.objects.checks import namespace_exists
from porch.store import Store
from porch.strategy.account import ServiceAccountStrategy
from porch.strategy.namespace import NamespaceStrategy
from porch.types.accounts import SERVICE_ACCOUNT
from porch.types.core import NAMESPACE, Namespace
from porch.types.meta import ObjectMeta

CALL = Call(Caller("tests"))


@pytest.fixture
def storages(store: Store) -> dict[str, ResourceStorage]:
    return {
        "namespaces": StoredObjects(store, NamespaceStrategy(NAMESPACE)),
        "serviceaccounts": StoredObjects(
            store, ServiceAccountStrategy(SERVICE_ACCOUNT), (namespace_exists(SERVICE_ACCOUNT),)
        ),
    }


def test_it_is_made_once(store: Store, storages: dict[str, ResourceStorage]) -> None:
    storages["namespaces"].create(CALL, "", Namespace(metadata=ObjectMeta(name="team")))
    controller = AccountController(storages, WatcherManager(store))
    controller.ensure("team")
    (first,) = storages["serviceaccounts"].list(CALL, ListOptions("team")).page.items
    controller.ensure("team")
    (second,) = storages["serviceaccounts"].list(CALL, ListOptions("team")).page.items
    assert (first.key.name, first.uid, first.version) == ("default", second.uid, second.version)


def test_none_is_made_where_a_namespace_goes_or_is_gone(store: Store, storages: dict[str, ResourceStorage]) -> None:
    storages["namespaces"].create(CALL, "", Namespace(metadata=ObjectMeta(name="going")))
    storages["namespaces"].delete(CALL, "", "going", DeleteOptions())
    controller = AccountController(storages, WatcherManager(store))
    for name in ("going", "gone"):
        controller.ensure(name)
    assert storages["serviceaccounts"].list(CALL, ListOptions()).page.items == []

"""Objects, revisions and shorthand for the contract's tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from porch.keys import PACKAGE_REVISIONS, ObjectKey, RepositoryKey
from porch.store import Change, NewVersion, Page, Query, RevisionRow, Store, StoredVersion, Transaction
from porch.types.selectors import Requirement, Selector

REVISIONS = str(PACKAGE_REVISIONS)
MAPS = "configmaps"
BLUEPRINTS = RepositoryKey("default", "blueprints")


def key(name: str, namespace: str = "default", resource: str = MAPS) -> ObjectKey:
    return ObjectKey(resource, namespace, name)


def new(name: str, tail: bytes = b"{}", namespace: str = "default", resource: str = MAPS, **more: Any) -> NewVersion:
    return NewVersion(key(name, namespace, resource), uid=f"uid-{name}", tail=tail, **more)


def put(store: Store, name: str, tail: bytes = b"{}", **more: Any) -> StoredVersion:
    return store.commit(lambda transaction: transaction.versions.put(new(name, tail, **more)))


def delete(store: Store, name: str, **more: Any) -> StoredVersion:
    return store.commit(lambda transaction: transaction.versions.delete(key(name, **more)))


def get(store: Store, name: str, **more: Any) -> StoredVersion | None:
    with store.read() as reads:
        return reads.versions.get(key(name, **more))


def version(store: Store) -> int:
    with store.read() as reads:
        return reads.versions.version()


def page(store: Store, **query: Any) -> Page:
    with store.read() as reads:
        return reads.versions.list(Query(**{"resource": MAPS, **query}))


def names(store: Store, **query: Any) -> list[str]:
    return [item.key.name for item in page(store, **query).items]


def changes(store: Store, after: int = 0, resource: str = MAPS, limit: int = 10_000) -> Sequence[Change]:
    with store.read() as reads:
        return reads.versions.changes(resource, after, limit)


def where(key: str, operator: str, *values: str) -> Selector:
    return Selector((Requirement(key, operator, values),))


def revision(workspace: str, path: str = "app", **more: Any) -> RevisionRow:
    values = {
        "namespace": "default",
        "name": f"blueprints.{path.replace('/', '.')}.{workspace}",
        "repository": "blueprints",
        "location": "https://git.example/blueprints",
        "path": path,
        "full_path": path,
        "workspace": workspace,
        "revision": 0,
        "lifecycle": "Draft",
        "ref": f"refs/heads/drafts/{path}/{workspace}",
        "commit": "1" * 40,
        "tree": "2" * 40,
    }
    return RevisionRow(**{**values, **more})


def write(store: Store, *works: Callable[[Transaction], object]) -> None:
    """Runs all works in one transaction."""

    def run(transaction: Transaction) -> None:
        for work in works:
            work(transaction)

    store.commit(run)

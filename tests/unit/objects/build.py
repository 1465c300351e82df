"""Short ways to write objects and to read what a storage answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from porch.objects import ResourceStorage
from porch.store import StoredVersion
from porch.types.core import ConfigMap, Namespace
from porch.types.meta import ObjectMeta
from porch.types.repository import GitRepository, Repository, RepositorySpec

NS = "default"


def config_map(name: str = "a", data: dict[str, str] | None = None, **meta: Any) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, **meta), data=data or {})


def namespace(name: str, **meta: Any) -> Namespace:
    return Namespace(metadata=ObjectMeta(name=name, **meta))


def repository(name: str = "blueprints", repo: str = "https://example.com/blueprints.git", **git: Any) -> Repository:
    spec = RepositorySpec(type="git", git=GitRepository(repo=repo, **git))
    return Repository(metadata=ObjectMeta(name=name), spec=spec)


def read(storage: ResourceStorage, item: StoredVersion) -> Any:
    return storage.kind.decode(item.version, item.tail)


def replaced_by(obj: Any) -> Callable[[Any], Any]:
    """What a PUT does: whatever is there becomes `obj`."""
    from copy import deepcopy

    return lambda _: deepcopy(obj)


def with_data(**data: str) -> Callable[[Any], Any]:
    """What a patch does: changes the copy that it is given."""

    def change(current: Any) -> Any:
        current.data = {**current.data, **data}
        return current

    return change


def with_meta(**changes: Any) -> Callable[[Any], Any]:
    def change(current: Any) -> Any:
        for name, value in changes.items():
            setattr(current.metadata, name, value)
        return current

    return change

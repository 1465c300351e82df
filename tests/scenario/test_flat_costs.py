"""What an operation costs does not depend on how much is stored.

Not timed: counted. SQLite's steps, git objects read and refs listed of each operation are the same beside 100 package
revisions and beside 10 000. The rooms are those of a server, without the controllers and the upkeep that would count
in between.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from bench.generate import Size, into_data_directory, repository_names
from prometheus_client import REGISTRY

from porch.cache import SYSTEM
from porch.cache.opener import Layout
from porch.cli.standalone import _Parts, _pools
from porch.keys import PACKAGE_REVISION_RESOURCES, PACKAGE_REVISIONS, REPOSITORIES, RepositoryKey
from porch.objects import Call, DeleteOptions, ListOptions
from porch.settings import Settings
from porch.store.sqlite import open_store
from porch.store.sqlite.connection import COUNT_STEPS
from porch.types.meta import ObjectMeta
from porch.types.packagerevision import LATEST_LABEL, PackageRevision, PackageRevisionSpec
from porch.types.repository import GitRepository, Repository, RepositorySpec
from porch.types.resources import PackageRevisionResources
from porch.types.selectors import Requirement, Selector

_SMALL, _LARGE = Size(1, 10, 10), Size(1, 1000, 10)
_PAGE = 10
_COUNTERS = ("porch_sqlite_steps_total", "porch_git_objects_read_total", "porch_git_refs_listed_total")
_KEY = RepositoryKey("default", repository_names(_SMALL)[0])
_STORED = f"{_KEY.name}.area-0.package-0000.ws-1"


@dataclass(frozen=True)
class Cost:
    steps: float
    objects: float
    refs: float


def _cost(work: Callable[[], object]) -> Cost:
    before = [REGISTRY.get_sample_value(name) or 0 for name in _COUNTERS]
    work()
    return Cost(
        *(float(REGISTRY.get_sample_value(name) or 0) - old for name, old in zip(_COUNTERS, before, strict=True))
    )


@contextmanager
def _rooms(data: Path) -> Iterator[_Parts]:
    with ExitStack() as stack:
        store = open_store(data / "porch.db")
        stack.callback(store.close)
        settings = Settings(data_dir=data)
        (data / "pki").mkdir(exist_ok=True)
        parts = _Parts(settings, store, _pools(settings, stack), Layout(data), "")
        stack.callback(parts.cache.close)
        yield parts


def _fill(data: Path, size: Size) -> None:
    """Generates and indexes. Nothing is counted: that would take minutes."""
    store = open_store(data / "porch.db")
    into_data_directory(data, store, size)
    store.close()
    with _rooms(data) as parts:
        spec = RepositorySpec(type="git", git=GitRepository(repo=f"hosted:///{_KEY.name}"))
        obj = Repository(metadata=ObjectMeta(name=_KEY.name), spec=spec)
        parts.storages[str(REPOSITORIES)].create(Call(SYSTEM), _KEY.namespace, obj)
        assert parts.cache.open_repository(_KEY).synchronise().revisions == size.total


class _Work:
    """Each operation, on package revisions of its own where it changes something."""

    def __init__(self, parts: _Parts) -> None:
        self._parts = parts
        self._revisions = parts.storages[str(PACKAGE_REVISIONS)]
        self._resources = parts.storages[str(PACKAGE_REVISION_RESOURCES)]

    def create(self, package: str) -> None:
        spec = PackageRevisionSpec(package_name=f"area-0/{package}", repository=_KEY.name, workspace_name="v1")
        self._revisions.create(Call(SYSTEM), _KEY.namespace, PackageRevision(spec=spec))

    def save(self, package: str) -> None:
        def change(obj: PackageRevisionResources) -> PackageRevisionResources:
            obj.spec.resources = {**obj.spec.resources, "notes.txt": package}
            return obj

        self._resources.update(Call(SYSTEM), _KEY.namespace, self._name(package), change)

    def label(self, package: str) -> None:
        def change(obj: PackageRevision) -> PackageRevision:
            obj.metadata.labels = {"team": package}
            return obj

        self._revisions.update(Call(SYSTEM), _KEY.namespace, self._name(package), change)

    def delete(self, package: str) -> None:
        self._revisions.delete(Call(SYSTEM), _KEY.namespace, self._name(package), DeleteOptions())

    def get(self, package: str) -> None:
        self._revisions.get(Call(SYSTEM), _KEY.namespace, self._name(package))
        self._revisions.get(Call(SYSTEM), _KEY.namespace, _STORED)

    def resolve(self, package: str) -> None:
        self._revisions.resolve(_KEY.namespace, self._name(package).replace(".", "-"))

    def resources(self, package: str) -> None:
        self._resources.get(Call(SYSTEM), _KEY.namespace, self._name(package))

    def plain_page(self, _: str) -> None:
        self._page(ListOptions(namespace=_KEY.namespace, limit=_PAGE))

    def page_of_a_field(self, _: str) -> None:
        self._page(ListOptions(fields=_selector("spec.workspaceName", "in", "ws-1"), limit=_PAGE - 2))

    def page_of_all_but_a_field(self, _: str) -> None:
        self._page(ListOptions(fields=_selector("spec.workspaceName", "notin", "ws-1"), limit=_PAGE))

    def page_of_a_label(self, _: str) -> None:
        self._page(ListOptions(labels=_selector(LATEST_LABEL, "in", "true"), limit=_PAGE - 2))

    def page_of_all_but_a_label(self, _: str) -> None:
        self._page(ListOptions(labels=_selector(LATEST_LABEL, "!exists"), limit=_PAGE))

    def _page(self, options: ListOptions) -> None:
        result = self._revisions.list(Call(SYSTEM), options)
        assert len(result.page.items) == options.limit
        assert result.page.more

    @staticmethod
    def _name(package: str) -> str:
        return f"{_KEY.name}.area-0.{package}.v1"


def _selector(key: str, operator: str, *values: str) -> Selector:
    return Selector((Requirement(key, operator, values),))


_IN_ORDER = (
    "create",
    "get",
    "resolve",
    "resources",
    "save",
    "label",
    "plain_page",
    "page_of_a_field",
    "page_of_all_but_a_field",
    "page_of_a_label",
    "page_of_all_but_a_label",
    "delete",
)


def _measure(data: Path, size: Size) -> dict[str, Cost]:
    _fill(data, size)
    os.environ[COUNT_STEPS] = "1"
    try:
        with _rooms(data) as parts:
            costs = {"start": _cost(parts.recover)}
            work = _Work(parts)
            for name in _IN_ORDER:  # once uncounted: the first time opens what stays open
                getattr(work, name)("warm")
            costs |= {name: _cost(lambda name=name: getattr(work, name)("counted")) for name in _IN_ORDER}  # type: ignore[misc]
            costs["synchronise at rest"] = _cost(parts.cache.open_repository(_KEY).synchronise)
            return costs
    finally:
        del os.environ[COUNT_STEPS]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Cost], dict[str, Cost]]:
    return _measure(tmp_path_factory.mktemp("small"), _SMALL), _measure(tmp_path_factory.mktemp("large"), _LARGE)


@pytest.mark.parametrize("operation", ["start", *_IN_ORDER])
def test_costs_the_same_beside_100_and_10000(measured: tuple[dict[str, Cost], dict[str, Cost]], operation: str) -> None:
    small, large = measured
    assert small[operation].steps > 0
    assert large[operation] == small[operation]


def test_no_read_of_package_revisions_touches_git(measured: tuple[dict[str, Cost], dict[str, Cost]]) -> None:
    for name in ("start", "get", "resolve", *(name for name in _IN_ORDER if "page" in name)):
        assert (measured[1][name].objects, measured[1][name].refs) == (0, 0), name


def test_no_operation_lists_refs(measured: tuple[dict[str, Cost], dict[str, Cost]]) -> None:
    assert {name: measured[1][name].refs for name in _IN_ORDER} == dict.fromkeys(_IN_ORDER, 0)


def test_a_synchronisation_at_rest_lists_refs_once_and_reads_no_object(
    measured: tuple[dict[str, Cost], dict[str, Cost]],
) -> None:
    small, large = (costs["synchronise at rest"] for costs in measured)
    assert (small.objects, large.objects) == (0, 0)
    assert small.refs < _SMALL.total  # fewer refs than revisions: those on the branch share one
    assert large.refs < _LARGE.total

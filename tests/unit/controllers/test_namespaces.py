"""A namespace that is being deleted is emptied, says how far it is, and goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
import structlog

from porch.controllers.namespaces import NamespaceController
from porch.errors import Conflict, Forbidden, ServiceUnavailable
from porch.keys import RepositoryKey
from porch.objects import Call, Deleted, DeleteOptions, ListOptions, ListResult, StoredObjects
from porch.store import Page
from porch.strategy.interface import Strategy
from porch.strategy.packagerevision import PackageRevisionStrategy
from porch.types.core import SECRET, ConfigMap
from porch.types.meta import ObjectMeta
from porch.types.packagerevision import PACKAGE_REVISION, PackageRevision, PackageRevisionSpec
from porch.types.repository import REPOSITORY, Repository
from tests.unit.controllers.working import CALL, World, working

TEAM = "other"
HOLD = "example.com/hold"
Conditions = dict[str, tuple[str, str, str]]


def emptier(world: World) -> AbstractContextManager[None]:
    return working(NamespaceController(world.storages, world.feed, nothing_to_forget))


@pytest.fixture
def emptying(world: World) -> Iterator[None]:
    with structlog.testing.capture_logs(), emptier(world):
        yield


def nothing_to_forget(_: RepositoryKey) -> None:
    raise AssertionError


def delete(world: World) -> None:
    world.namespaces.delete(CALL, "", TEAM, DeleteOptions(propagation="Background"))


def is_gone(world: World) -> bool:
    return world.meta(world.namespaces, TEAM, "") is None


def conditions(world: World) -> Conditions:
    item = world.namespaces.get(CALL, "", TEAM)
    obj = world.namespaces.kind.decode(item.version, item.tail)
    return {each.type: (each.status, each.reason, each.message) for each in obj.status.conditions}


def test_everything_in_it_goes_and_nothing_else(world: World, emptying: None) -> None:
    for name in "abc":
        world.map(name, namespace=TEAM)
        world.secret(name, namespace=TEAM)
    world.map("stays")
    delete(world)
    world.until(lambda: is_gone(world))
    assert (world.names(world.maps, ""), world.names(world.secrets, "")) == (["stays"], [])


def test_an_empty_one_goes_at_once(world: World, emptying: None) -> None:
    delete(world)
    world.until(lambda: is_gone(world))


def test_it_waits_for_finalizers_and_says_so(world: World, emptying: None) -> None:
    world.map("held", namespace=TEAM, finalizers=[HOLD])
    world.map("free", namespace=TEAM)
    delete(world)
    world.until(lambda: conditions(world).get("NamespaceFinalizersRemaining", ("",))[0] == "True")
    assert conditions(world) == {
        "NamespaceDeletionDiscoveryFailure": (
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        "NamespaceDeletionGroupVersionParsingFailure": (
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        "NamespaceDeletionContentFailure": (
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        "NamespaceContentRemaining": (
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps. has 1 resource instances",
        ),
        "NamespaceFinalizersRemaining": (
            "True",
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {HOLD} in 1 resource instances",
        ),
    }
    world.strip(world.maps, "held", TEAM)
    world.until(lambda: is_gone(world))


def test_nothing_new_is_made_in_it(world: World, emptying: None) -> None:
    world.map("held", namespace=TEAM, finalizers=[HOLD])
    delete(world)
    with pytest.raises(Forbidden) as caught:
        world.secret("late", namespace=TEAM)
    assert [cause.reason for cause in caught.value.details.causes] == ["NamespaceTerminating"]  # type: ignore[union-attr]
    world.until(lambda: bool((meta := world.meta(world.maps, "held", TEAM)) and meta.deletion_timestamp))
    world.strip(world.maps, "held", TEAM)
    world.until(lambda: is_gone(world))


def test_finalizers_of_the_namespace_itself_hold_it_too(world: World, emptying: None) -> None:
    def hold(current: object) -> object:
        current.metadata.finalizers = [HOLD]  # type: ignore[attr-defined]
        return current

    world.namespaces.update(CALL, "", TEAM, hold)
    delete(world)
    world.until(lambda: not world.namespace(TEAM).spec.finalizers)
    assert world.namespace(TEAM).status.phase == "Terminating"
    world.strip(world.namespaces, TEAM, "")
    assert is_gone(world)


def test_what_was_begun_before_the_start_is_finished(world: World) -> None:
    world.map("a", namespace=TEAM)
    delete(world)
    with structlog.testing.capture_logs(), emptier(world):
        world.until(lambda: is_gone(world))


class Busy(StoredObjects):
    """Cannot delete for a while."""

    ready = False

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        if not self.ready:
            raise Conflict.of("", "secrets", name, "it is in use")
        return super().delete(call, namespace, name, options)


def test_what_cannot_be_deleted_is_said_and_tried_again(world: World) -> None:
    world.secrets = busy = Busy(world.store, Strategy(SECRET))
    world.secret("a", namespace=TEAM)
    with structlog.testing.capture_logs(), emptier(world):
        delete(world)
        world.until(lambda: conditions(world).get("NamespaceDeletionContentFailure", ("",))[0] == "True")
        status, reason, message = conditions(world)["NamespaceDeletionContentFailure"]
        assert (status, reason) == ("True", "ContentDeletionFailed")
        assert message.endswith('Operation cannot be fulfilled on secrets "a": it is in use')
        busy.ready = True
        world.until(lambda: is_gone(world))


class Revisions(StoredObjects):
    """Package revisions must never be deleted for the sake of their namespace: that would delete git's branches."""

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        raise AssertionError


class Failing(StoredObjects):
    """Cannot be read the first time."""

    failed = False

    def list(self, call: Call, options: ListOptions) -> ListResult:
        if not self.failed:
            self.failed = True
            raise ServiceUnavailable
        return super().list(call, options) if not options.namespace else ListResult(Page([], 1))


def test_package_revisions_leave_with_their_repository(world: World) -> None:
    revisions = Revisions(world.store, Strategy(PACKAGE_REVISION))
    repositories = StoredObjects(world.store, Strategy(REPOSITORY))
    storages = {**world.storages, "packagerevisions.porch.kpt.dev": revisions} | {
        "repositories.config.porch.kpt.dev": repositories
    }
    repositories.create(CALL, TEAM, Repository(metadata=ObjectMeta(name="r", finalizers=[HOLD])))
    made = revisions.create(CALL, TEAM, PackageRevision(metadata=ObjectMeta(name="r.p.v1")))
    with structlog.testing.capture_logs(), working(NamespaceController(storages, world.feed, nothing_to_forget)):
        delete(world)
        world.until(lambda: "packagerevisions" in conditions(world).get("NamespaceContentRemaining", ("", "", ""))[2])
        world.strip(repositories, "r", TEAM)
        world.store.commit(lambda tx: tx.versions.delete(made.key))
        world.until(lambda: is_gone(world))


def test_package_revisions_whose_repository_is_no_more_are_forgotten(world: World) -> None:
    revisions = Revisions(world.store, PackageRevisionStrategy(PACKAGE_REVISION))
    repositories = StoredObjects(world.store, Strategy(REPOSITORY))
    storages = {**world.storages, "packagerevisions.porch.kpt.dev": revisions} | {
        "repositories.config.porch.kpt.dev": repositories
    }
    made = []
    for name in ("r.p.v1", "r.q.v1", "s.p.v1"):
        spec = PackageRevisionSpec(repository=name[0], package_name=name[2], workspace_name="v1")
        made.append(revisions.create(CALL, TEAM, PackageRevision(metadata=ObjectMeta(name=name), spec=spec)))
    forgotten = []

    def forget(key: RepositoryKey) -> None:
        forgotten.append(key.name)
        for item in made:
            if item.key.name.startswith(f"{key.name}."):
                world.store.commit(lambda tx, gone=item.key: tx.versions.delete(gone))  # type: ignore[misc]

    with structlog.testing.capture_logs(), working(NamespaceController(storages, world.feed, forget)):
        delete(world)
        world.until(lambda: is_gone(world))
    assert forgotten == ["r", "s"]


def test_a_store_that_does_not_answer_is_asked_again(world: World) -> None:
    world.secrets = Failing(world.store, Strategy(SECRET))
    with structlog.testing.capture_logs(), emptier(world):
        delete(world)
        world.until(lambda: is_gone(world))


def test_nothing_is_written_for_namespaces_that_stay(world: World, emptying: None) -> None:
    world.maps.create(CALL, TEAM, ConfigMap(metadata=ObjectMeta(name="a")))
    delete(world)
    world.until(lambda: is_gone(world))
    assert world.namespace("default").status.conditions == []

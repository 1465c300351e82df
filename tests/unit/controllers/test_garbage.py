"""Objects go after their owners, before them, or without them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
import structlog

from porch.controllers.garbage import GarbageCollector
from porch.controllers.owners import Owners
from porch.errors import Forbidden, ServiceUnavailable
from porch.keys import ObjectKey
from porch.objects import Call, Deleted, DeleteOptions, ListOptions, ListResult, StoredObjects
from porch.store import StoredVersion
from porch.strategy.interface import Strategy
from porch.types.core import SECRET
from porch.types.meta import OwnerReference
from porch.types.packagerevision import PACKAGE_REVISION
from tests.unit.controllers.working import CALL, NS, World, owner, working

NOBODY = OwnerReference(api_version="v1", kind="ConfigMap", name="nobody", uid="no-such-uid")
NOBODY_ELSE = OwnerReference(api_version="apps/v1", kind="Deployment", name="d", uid="u")
HOLD = "example.com/hold"


def collector(world: World) -> AbstractContextManager[None]:
    return working(GarbageCollector(world.storages, world.feed, lambda _: True))


@pytest.fixture
def collecting(world: World) -> Iterator[None]:
    with structlog.testing.capture_logs(), collector(world):
        yield


def passed(world: World) -> None:
    """Returns when the collector has come to what is added now: whatever was added before had its turn."""
    world.map("canary", NOBODY)
    world.until(lambda: world.meta(world.maps, "canary") is None)


def test_dependents_go_after_their_owner(world: World, collecting: None) -> None:
    top = world.map("top")
    middle = world.secret("middle", owner(top))
    world.map("bottom", owner(middle, "Secret"))
    world.map("free")
    world.delete("top")
    world.until(lambda: world.names(world.maps) == ["free"])
    assert world.names(world.secrets) == []


def test_one_owner_that_stays_is_enough_and_the_others_are_struck_off(world: World, collecting: None) -> None:
    going, staying = world.map("going"), world.map("staying")
    world.secret("child", owner(going), owner(staying))
    world.delete("going")
    world.until(lambda: [o.name for o in world.meta(world.secrets, "child").owner_references] == ["staying"])  # type: ignore[union-attr]
    world.delete("staying")
    world.until(lambda: world.names(world.secrets) == [])


def test_an_owner_is_known_by_its_uid(world: World, collecting: None) -> None:
    first = world.map("a")
    world.delete("a")
    world.map("a")
    world.secret("child", owner(first))
    world.until(lambda: world.names(world.secrets) == [])
    assert world.names(world.maps) == ["a"]


def test_what_is_made_for_an_owner_that_is_gone_goes_too(world: World, collecting: None) -> None:
    world.map("late", NOBODY)
    world.until(lambda: world.names(world.maps) == [])


def test_what_gets_an_owner_that_is_gone_goes(world: World, collecting: None) -> None:
    world.map("a")

    def change(current: object) -> object:
        current.metadata.owner_references = [NOBODY]  # type: ignore[attr-defined]
        return current

    world.maps.update(CALL, NS, "a", change)
    world.until(lambda: world.names(world.maps) == [])


def test_owners_of_unknown_kinds_are_there(world: World, collecting: None) -> None:
    world.map("kept", OwnerReference(api_version="apps/v1", kind="Deployment", name="d", uid="u"))
    passed(world)
    assert world.names(world.maps) == ["kept"]


def test_an_owner_in_another_namespace_counts_as_absent(world: World) -> None:
    elsewhere = world.map("elsewhere", namespace="other")
    with structlog.testing.capture_logs() as logs, collector(world):
        world.secret("child", owner(elsewhere))
        world.until(lambda: world.names(world.secrets) == [])
    assert "OwnerRefInvalidNamespace" in {entry["event"] for entry in logs}
    assert world.names(world.maps, "other") == ["elsewhere"]


def test_objects_without_namespace_own_what_is_in_one_but_not_the_other_way_round(world: World) -> None:
    with structlog.testing.capture_logs() as logs, collector(world):
        top = world.role("top")
        world.secret("child", owner(top, "ClusterRole", api_version="rbac.authorization.k8s.io/v1"))
        world.role("kept", NOBODY)
        world.roles.delete(CALL, "", "top", DeleteOptions())
        world.until(lambda: world.names(world.secrets) == [])
        passed(world)
    assert world.names(world.roles, "") == ["kept"]
    assert "OwnerRefInvalidNamespace" in {entry["event"] for entry in logs}


def test_orphans_stay_and_are_free(world: World, collecting: None) -> None:
    top = world.map("top")
    world.secret("child", owner(top), NOBODY_ELSE)
    world.delete("top", "Orphan")
    world.until(lambda: world.meta(world.maps, "top") is None)
    child = world.meta(world.secrets, "child")
    assert child is not None
    assert child.owner_references == [NOBODY_ELSE]


def test_in_the_foreground_the_owner_goes_last(world: World, collecting: None) -> None:
    top = world.map("top")
    world.secret("held", owner(top, blocks=True), finalizers=[HOLD])
    world.secret("blocks", owner(top, blocks=True))
    world.secret("does-not", owner(top), finalizers=[HOLD])
    world.delete("top", "Foreground")
    world.until(lambda: world.names(world.secrets) == ["does-not", "held"])
    passed(world)
    assert world.meta(world.maps, "top") is not None, "it waits for `held`"
    world.strip(world.secrets, "held")
    world.until(lambda: world.meta(world.maps, "top") is None)
    assert world.names(world.secrets) == ["does-not"]


def test_the_foreground_reaches_down(world: World, collecting: None) -> None:
    top = world.map("top")
    middle = world.map("middle", owner(top, blocks=True))
    world.secret("bottom", owner(middle, blocks=True), finalizers=[HOLD])
    world.delete("top", "Foreground")
    world.until(lambda: bool((meta := world.meta(world.secrets, "bottom")) and meta.deletion_timestamp))
    assert world.names(world.maps) == ["middle", "top"]
    world.strip(world.secrets, "bottom")
    world.until(lambda: world.names(world.maps) == [])


def test_a_ring_of_owners_goes_in_the_foreground(world: World, collecting: None) -> None:
    first = world.map("a")
    second = world.map("b", owner(first, blocks=True))

    def close_the_ring(current: object) -> object:
        current.metadata.owner_references = [owner(second, blocks=True)]  # type: ignore[attr-defined]
        return current

    world.maps.update(CALL, NS, "a", close_the_ring)
    world.delete("a", "Foreground")
    world.until(lambda: world.names(world.maps) == [])


def test_a_dependent_that_no_longer_blocks_lets_the_owner_go(world: World, collecting: None) -> None:
    top = world.map("top")
    world.secret("held", owner(top, blocks=True), finalizers=[HOLD])
    world.delete("top", "Foreground")
    world.until(lambda: bool((meta := world.meta(world.secrets, "held")) and meta.deletion_timestamp))

    def unblock(current: object) -> object:
        current.metadata.owner_references = [owner(top, blocks=False)]  # type: ignore[attr-defined]
        return current

    world.secrets.update(CALL, NS, "held", unblock)
    world.until(lambda: world.meta(world.maps, "top") is None)


@pytest.mark.parametrize("policy", ["Background", "Foreground", "Orphan"])
def test_what_was_deleted_before_the_start_is_taken_up(world: World, policy: str) -> None:
    top = world.map("top")
    world.secret("child", owner(top, blocks=True))
    world.delete("top", policy)
    left = ["child"] if policy == "Orphan" else []
    with structlog.testing.capture_logs(), collector(world):
        world.until(lambda: world.names(world.maps) == [] and world.names(world.secrets) == left)
    if left:
        assert world.meta(world.secrets, "child").owner_references == []  # type: ignore[union-attr]


class Counting(StoredObjects):
    """Counts the objects that are read."""

    read = 0

    def list(self, call: Call, options: ListOptions) -> ListResult:
        result = super().list(call, options)
        self.read += len(result.page.items)
        return result

    def get(self, call: Call, namespace: str, name: str) -> StoredVersion:
        self.read += 1
        return super().get(call, namespace, name)


@pytest.mark.parametrize("others", [0, 300])
def test_the_work_follows_what_changes_and_not_what_is_stored(world: World, others: int) -> None:
    world.secrets = counting = Counting(world.store, Strategy(SECRET))
    top = world.map("top")
    world.secret("child", owner(top))
    for number in range(others):
        world.secret(f"other-{number}")
    with structlog.testing.capture_logs(), collector(world):
        passed(world)
        world.delete("top")
        world.until(lambda: world.meta(world.maps, "top") is None and not is_there(world))
        passed(world)
    assert counting.read <= 8


def is_there(world: World) -> bool:
    with world.store.read() as reads:
        return reads.versions.get(ObjectKey("secrets", NS, "child")) is not None


class Guarded(StoredObjects):
    """Refuses deletes until it is told otherwise, as package revisions do that are published."""

    refuses = True
    asked = 0

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        self.asked += 1
        if self.refuses:
            raise Forbidden.of("", "secrets", name, "it is published")
        return super().delete(call, namespace, name, options)


def test_a_dependent_that_may_not_be_deleted_is_left_until_it_changes(world: World) -> None:
    guarded = Guarded(world.store, Strategy(SECRET))
    world.secrets = guarded
    with structlog.testing.capture_logs() as logs, collector(world):
        passed(world)  # else the first look at everything and the news of it could both find it
        world.secret("kept", NOBODY)
        passed(world)
        passed(world)
        assert (world.names(guarded), guarded.asked) == (["kept"], 1)
        assert len([entry for entry in logs if entry["event"].startswith("its owners are gone")]) == 1
        guarded.refuses = False

        def touch(current: object) -> object:
            current.metadata.labels = {"now": "yes"}  # type: ignore[attr-defined]
            return current

        guarded.update(CALL, NS, "kept", touch)
        world.until(lambda: world.names(guarded) == [])


def test_package_revisions_count_as_present_until_all_repositories_were_read(world: World) -> None:
    storage = StoredObjects(world.store, Strategy(PACKAGE_REVISION))
    complete = False
    owners = Owners({"packagerevisions.porch.kpt.dev": storage}, lambda _: complete)
    reference = OwnerReference(api_version="porch.kpt.dev/v1alpha1", kind="PackageRevision", name="a.b.c", uid="u")
    child = ObjectKey("configmaps", NS, "child")
    with pytest.raises(ServiceUnavailable):
        owners.presence(child, reference)
    complete = True
    assert owners.presence(child, reference).value == "absent"

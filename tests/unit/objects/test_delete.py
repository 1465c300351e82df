from __future__ import annotations

import re
from typing import Any

import pytest

from porch.errors import Conflict, Forbidden, Invalid, NotFound
from porch.objects import Call, DeleteOptions, ListOptions
from porch.objects.stored import StoredObjects
from porch.store import ANY_OWNER, Store
from porch.types.meta import OwnerReference
from porch.types.repository import FINALIZER
from tests.unit.objects.build import NS, config_map, namespace, read, repository, with_data, with_meta

HOLD = "example.com/hold"
NOW = DeleteOptions()


def test_an_object_without_finalizers_is_removed_at_once(config_maps: StoredObjects, call: Call) -> None:
    made = config_maps.create(call, NS, config_map(data={"k": "v"}))
    deleted = config_maps.delete(call, NS, "a", NOW)
    assert deleted.finished
    assert deleted.item.version > made.version
    assert (deleted.item.uid, deleted.item.tail) == (made.uid, made.tail)
    with pytest.raises(NotFound):
        config_maps.get(call, NS, "a")
    with pytest.raises(NotFound, match=r'^configmaps "a" not found$'):
        config_maps.delete(call, NS, "a", NOW)


def test_a_name_is_free_again_with_a_new_uid(config_maps: StoredObjects, call: Call) -> None:
    first = config_maps.create(call, NS, config_map())
    config_maps.delete(call, NS, "a", NOW)
    assert config_maps.create(call, NS, config_map()).uid != first.uid


def test_finalizers_hold_an_object_and_mark_it(repositories: StoredObjects, call: Call) -> None:
    sent = repository()
    sent.metadata.finalizers = [HOLD]
    repositories.create(call, NS, sent)
    deleted = repositories.delete(call, NS, "blueprints", NOW)
    meta = read(repositories, deleted.item).metadata
    assert not deleted.finished
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", meta.deletion_timestamp)
    assert (meta.deletion_grace_period_seconds, meta.finalizers, meta.generation) == (0, [HOLD, FINALIZER], 2)


def test_a_second_delete_changes_nothing(config_maps: StoredObjects, call: Call) -> None:
    config_maps.create(call, NS, config_map(finalizers=[HOLD]))
    first = config_maps.delete(call, NS, "a", NOW)
    assert config_maps.delete(call, NS, "a", NOW) == first


def test_a_waiting_object_can_still_be_changed(config_maps: StoredObjects, call: Call) -> None:
    config_maps.create(call, NS, config_map(finalizers=[HOLD]))
    config_maps.delete(call, NS, "a", NOW)
    item = config_maps.update(call, NS, "a", with_data(k="2"))
    meta = read(config_maps, item).metadata
    assert (read(config_maps, item).data, bool(meta.deletion_timestamp)) == ({"k": "2"}, True)


def test_a_waiting_object_takes_no_new_finalizers(config_maps: StoredObjects, call: Call) -> None:
    config_maps.create(call, NS, config_map(finalizers=[HOLD]))
    config_maps.delete(call, NS, "a", NOW)
    with pytest.raises(Invalid) as caught:
        config_maps.update(call, NS, "a", with_meta(finalizers=[HOLD, "example.com/more"]))
    assert caught.value.message.endswith(
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"example.com/more"}'
    )


def test_taking_the_last_finalizer_away_removes_the_object(
    config_maps: StoredObjects, call: Call, store: Store
) -> None:
    config_maps.create(call, NS, config_map(finalizers=[HOLD, "example.com/more"]))
    waiting = config_maps.delete(call, NS, "a", NOW).item
    fewer = config_maps.update(call, NS, "a", with_meta(finalizers=[HOLD]))
    answer = config_maps.update(call, NS, "a", with_meta(finalizers=[]))
    assert (answer.version, read(config_maps, answer).metadata.finalizers) == (fewer.version, [])
    with pytest.raises(NotFound):
        config_maps.get(call, NS, "a")
    with store.read() as reads:
        changes = reads.versions.changes("configmaps", waiting.version, 10)
    assert [change.current.deleted for change in changes] == [False, True]
    tombstone = changes[-1].current
    assert tombstone.version > fewer.version
    assert read(config_maps, tombstone).metadata.finalizers == [HOLD]


def test_an_object_that_nobody_deleted_may_lose_its_finalizers(config_maps: StoredObjects, call: Call) -> None:
    config_maps.create(call, NS, config_map(finalizers=[HOLD]))
    item = config_maps.update(call, NS, "a", with_meta(finalizers=[]))
    assert config_maps.get(call, NS, "a") == item


def test_status_cannot_release_an_object(repositories: StoredObjects, call: Call) -> None:
    sent = repository()
    sent.metadata.finalizers = [HOLD]
    repositories.create(call, NS, sent)
    waiting = repositories.delete(call, NS, "blueprints", NOW).item
    assert repositories.update(call, NS, "blueprints", with_meta(finalizers=[]), "status") == waiting


def test_preconditions_must_hold(config_maps: StoredObjects, call: Call) -> None:
    made = config_maps.create(call, NS, config_map())
    with pytest.raises(Conflict) as caught:
        config_maps.delete(call, NS, "a", DeleteOptions(uid="x"))
    assert caught.value.message == (
        'Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (x) does not match the UID in '
        f"record ({made.uid}). The object might have been deleted and then recreated"
    )
    with pytest.raises(Conflict) as caught:
        config_maps.delete(call, NS, "a", DeleteOptions(resource_version="1"))
    assert caught.value.message == (
        'Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match '
        f"the ResourceVersion in record ({made.version}). The object might have been modified"
    )
    right = DeleteOptions(uid=made.uid, resource_version=str(made.version))
    assert config_maps.delete(call, NS, "a", right).finished


def test_a_dry_run_deletes_nothing(config_maps: StoredObjects, rehearsal: Call, call: Call) -> None:
    plain = config_maps.create(call, NS, config_map("plain"))
    held = config_maps.create(call, NS, config_map("held", finalizers=[HOLD]))
    assert config_maps.delete(rehearsal, NS, "plain", NOW).finished
    shown = config_maps.delete(rehearsal, NS, "held", NOW)
    assert (shown.finished, shown.item.version) == (False, held.version)
    assert read(config_maps, shown.item).metadata.deletion_timestamp
    assert [config_maps.get(call, NS, name) for name in ("plain", "held")] == [plain, held]


def test_a_namespace_waits_until_its_own_finalizer_goes(namespaces: StoredObjects, call: Call) -> None:
    namespaces.create(call, "", namespace("team", finalizers=[HOLD]))
    deleted = namespaces.delete(call, "", "team", NOW)
    obj = read(namespaces, deleted.item)
    assert (deleted.finished, obj.status.phase, obj.spec.finalizers) == (False, "Terminating", ["kubernetes"])

    def finalize(current: Any) -> Any:
        current.spec.finalizers = []
        return current

    assert namespaces.update(call, "", "team", finalize) == deleted.item, "only at `finalize`"
    namespaces.update(call, "", "team", finalize, "finalize")
    assert read(namespaces, namespaces.get(call, "", "team")).spec.finalizers == []
    namespaces.update(call, "", "team", with_meta(finalizers=[]))
    with pytest.raises(NotFound):
        namespaces.get(call, "", "team")


def test_a_namespace_that_nobody_deleted_stays_without_finalizers(namespaces: StoredObjects, call: Call) -> None:
    namespaces.create(call, "", namespace("team"))

    def finalize(current: Any) -> Any:
        current.spec.finalizers = []
        return current

    namespaces.update(call, "", "team", finalize, "finalize")
    assert namespaces.delete(call, "", "team", NOW).finished


@pytest.mark.parametrize(
    ("policy", "finalizers"),
    [
        ("", [HOLD, "orphan"]),
        ("Background", [HOLD]),
        ("Foreground", [HOLD, "foregroundDeletion"]),
        ("Orphan", [HOLD, "orphan"]),
    ],
)
def test_the_policy_sets_the_collectors_finalizers(
    config_maps: StoredObjects, call: Call, policy: str, finalizers: list[str]
) -> None:
    config_maps.create(call, NS, config_map(finalizers=["orphan", HOLD]))
    deleted = config_maps.delete(call, NS, "a", DeleteOptions(propagation=policy))
    meta = read(config_maps, deleted.item).metadata
    assert (deleted.finished, sorted(meta.finalizers)) == (False, sorted(finalizers))
    assert config_maps.delete(call, NS, "a", DeleteOptions(propagation="Background")).item == deleted.item


def test_in_the_background_nothing_waits(config_maps: StoredObjects, call: Call) -> None:
    config_maps.create(call, NS, config_map(finalizers=["orphan", "foregroundDeletion"]))
    assert config_maps.delete(call, NS, "a", DeleteOptions(propagation="Background")).finished


def test_what_is_owned_or_waits_for_the_collector_is_found_by_that(config_maps: StoredObjects, call: Call) -> None:
    owner = OwnerReference(api_version="v1", kind="ConfigMap", name="o", uid="of-owner")
    config_maps.create(call, NS, config_map("owned", owner_references=[owner]))
    config_maps.create(call, NS, config_map("free"))
    config_maps.create(call, NS, config_map("waits"))
    config_maps.delete(call, NS, "waits", DeleteOptions(propagation="Foreground"))

    def found(by: str) -> list[str]:
        return [item.key.name for item in config_maps.list(call, ListOptions(owner=by)).page.items]

    assert (found("of-owner"), found(ANY_OWNER)) == (["owned"], ["owned", "waits"])
    assert config_maps.get(call, NS, "owned").owners == ("of-owner",)


@pytest.mark.parametrize("name", ["default", "kube-system"])
def test_the_servers_own_namespaces_stay(namespaces: StoredObjects, call: Call, name: str) -> None:
    with pytest.raises(Forbidden, match=f'^namespaces "{name}" is forbidden: this namespace may not be deleted$'):
        namespaces.delete(call, "", name, NOW)

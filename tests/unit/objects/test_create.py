from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from porch.errors import AlreadyExists, BadRequest, Forbidden, Invalid, NotFound
from porch.objects import Call, Caller, DeleteOptions, metadata
from porch.objects.stored import StoredObjects
from porch.store import Store
from tests.unit.objects.build import NS, config_map, namespace, read, repository


def test_the_server_sets_identity_and_time_of_birth(config_maps: StoredObjects, call: Call) -> None:
    sent = config_map(
        uid="mine",
        creation_timestamp="1999-01-01T00:00:00Z",
        deletion_timestamp="1999-01-01T00:00:00Z",
        deletion_grace_period_seconds=9,
        generation=7,
        self_link="/x",
        managed_fields=[{"manager": "x"}],
    )
    item = config_maps.create(call, NS, sent)
    meta = read(config_maps, item).metadata
    assert uuid.UUID(meta.uid).version == 4
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", meta.creation_timestamp)
    assert meta.creation_timestamp > "2020"
    assert (meta.deletion_timestamp, meta.deletion_grace_period_seconds, meta.self_link) == (None, None, "")
    assert (meta.generation, meta.managed_fields, meta.namespace) == (0, [], NS)
    assert meta.resource_version == str(item.version)


def test_kinds_with_a_desired_state_start_at_generation_1(repositories: StoredObjects, call: Call) -> None:
    assert read(repositories, repositories.create(call, NS, repository())).metadata.generation == 1


def test_a_created_object_is_found(config_maps: StoredObjects, call: Call) -> None:
    item = config_maps.create(call, NS, config_map(data={"k": "v"}, labels={"app": "x"}))
    assert config_maps.get(call, NS, "a") == item
    assert item.labels == {"app": "x"}


def test_a_name_is_taken_once(config_maps: StoredObjects, call: Call) -> None:
    config_maps.create(call, NS, config_map())
    with pytest.raises(AlreadyExists, match=r'^configmaps "a" already exists$'):
        config_maps.create(call, NS, config_map())


def test_a_name_stays_taken_while_its_object_is_being_deleted(config_maps: StoredObjects, call: Call) -> None:
    config_maps.create(call, NS, config_map(finalizers=["example.com/hold"]))
    config_maps.delete(call, NS, "a", DeleteOptions())
    with pytest.raises(AlreadyExists, match=r'^object is being deleted: configmaps "a" already exists$'):
        config_maps.create(call, NS, config_map())


def test_only_one_of_many_creates_of_one_name_succeeds(config_maps: StoredObjects) -> None:
    def attempt(_: int) -> bool:
        try:
            config_maps.create(Call(Caller("jane")), NS, config_map())
        except AlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


@pytest.mark.parametrize("version", ["1", "99999999999999999999"])
def test_a_new_object_has_no_version(config_maps: StoredObjects, call: Call, version: str) -> None:
    with pytest.raises(BadRequest, match=r"^resourceVersion should not be set on objects to be created$"):
        config_maps.create(call, NS, config_map(resource_version=version))


def test_version_zero_is_no_version(config_maps: StoredObjects, call: Call) -> None:
    assert config_maps.create(call, NS, config_map(resource_version="0")).version > 0


def test_a_name_is_generated_behind_its_prefix(config_maps: StoredObjects, call: Call) -> None:
    meta = read(config_maps, config_maps.create(call, NS, config_map("", generate_name="run-"))).metadata
    assert re.fullmatch("run-[bcdfghjklmnpqrstvwxz2456789]{5}", meta.name)
    assert meta.generate_name == "run-"


def test_a_long_prefix_is_cut(config_maps: StoredObjects, call: Call) -> None:
    meta = read(config_maps, config_maps.create(call, NS, config_map("", generate_name="x" * 100))).metadata
    assert len(meta.name) == 63


def test_a_given_name_wins_over_a_prefix(config_maps: StoredObjects, call: Call) -> None:
    assert config_maps.create(call, NS, config_map("a", generate_name="run-")).key.name == "a"


def test_a_generated_name_that_is_taken_is_generated_anew(
    config_maps: StoredObjects, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    suffixes = iter(["run-aaaaa", "run-aaaaa", "run-bbbbb"])
    monkeypatch.setattr(metadata, "generated_name", lambda _: next(suffixes))
    names = [config_maps.create(call, NS, config_map("", generate_name="run-")).key.name for _ in range(2)]
    assert names == ["run-aaaaa", "run-bbbbb"]


def test_generation_gives_up_after_eight_names(
    config_maps: StoredObjects, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def same(prefix: str) -> str:
        tried.append(prefix)
        return "taken"

    monkeypatch.setattr(metadata, "generated_name", same)
    config_maps.create(call, NS, config_map("taken"))
    with pytest.raises(AlreadyExists, match=r"was not able to generate a unique name for the object$") as caught:
        config_maps.create(call, NS, config_map("", generate_name="run-"))
    assert (len(tried), caught.value.retry_after) == (8, 1)


def test_a_namespace_is_labelled_with_its_generated_name(namespaces: StoredObjects, call: Call) -> None:
    made = read(namespaces, namespaces.create(call, "", namespace("", generate_name="team-")))
    assert made.metadata.labels == {"kubernetes.io/metadata.name": made.metadata.name}


def test_an_object_without_name_or_prefix_is_refused(config_maps: StoredObjects, call: Call) -> None:
    with pytest.raises(Invalid, match=r"metadata.name: Required value: name or generateName is required"):
        config_maps.create(call, NS, config_map(""))


def test_wrong_metadata_and_wrong_content_are_reported_together(config_maps: StoredObjects, call: Call) -> None:
    with pytest.raises(Invalid) as caught:
        config_maps.create(call, NS, config_map("A", data={"bad key": ""}, labels={"": ""}))
    assert caught.value.details is not None
    fields = {cause.field for cause in caught.value.details.causes}
    assert fields == {"metadata.name", "metadata.labels", "data[bad key]"}


def test_an_object_belongs_to_the_namespace_it_was_sent_to(config_maps: StoredObjects, call: Call) -> None:
    with pytest.raises(BadRequest, match=r"does not match the namespace sent on the request"):
        config_maps.create(call, NS, config_map(namespace="kube-system"))


def test_a_cluster_wide_object_has_no_namespace(namespaces: StoredObjects, call: Call) -> None:
    assert namespaces.create(call, "", namespace("a", namespace="x")).key.namespace == ""


def test_a_namespace_must_exist(config_maps: StoredObjects, call: Call) -> None:
    with pytest.raises(NotFound, match=r'^namespaces "nowhere" not found$'):
        config_maps.create(call, "nowhere", config_map())


def test_a_namespace_that_is_being_deleted_takes_nothing_new(
    config_maps: StoredObjects, namespaces: StoredObjects, call: Call
) -> None:
    namespaces.create(call, "", namespace("leaving", finalizers=["example.com/hold"]))
    deleted = namespaces.delete(call, "", "leaving", DeleteOptions())
    assert read(namespaces, deleted.item).status.phase == "Terminating"
    with pytest.raises(Forbidden, match=r"because it is being terminated") as caught:
        config_maps.create(call, "leaving", config_map())
    assert caught.value.details is not None
    cause = caught.value.details.causes[0]
    assert (cause.field, cause.reason) == ("metadata.namespace", "NamespaceTerminating")


def test_repeated_owner_references_are_stored_once_and_warned_about(config_maps: StoredObjects, call: Call) -> None:
    from porch.types.meta import OwnerReference

    owners = [OwnerReference(api_version="v1", kind="Secret", name="s", uid="u") for _ in range(2)]
    item = config_maps.create(call, NS, config_map(owner_references=owners))
    assert len(read(config_maps, item).metadata.owner_references) == 1
    assert len(call.warnings) == 1


def test_a_dry_run_answers_and_keeps_nothing(config_maps: StoredObjects, rehearsal: Call, store: Store) -> None:
    before = store.commit(lambda transaction: transaction.versions.version())
    item = config_maps.create(rehearsal, NS, config_map())
    meta = read(config_maps, item).metadata
    assert (item.version, bool(meta.uid), bool(meta.creation_timestamp)) == (0, True, True)
    assert store.commit(lambda transaction: transaction.versions.version()) == before
    with pytest.raises(NotFound):
        config_maps.get(rehearsal, NS, "a")


def test_a_dry_run_is_checked_like_the_real_thing(config_maps: StoredObjects, call: Call, rehearsal: Call) -> None:
    config_maps.create(call, NS, config_map())
    with pytest.raises(AlreadyExists):
        config_maps.create(rehearsal, NS, config_map())
    with pytest.raises(NotFound):
        config_maps.create(rehearsal, "nowhere", config_map())

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from porch.errors import BadRequest, Conflict, Invalid, NotFound
from porch.objects import Call, Caller, DeleteOptions
from porch.objects.stored import StoredObjects
from porch.store import Store
from porch.types.meta import Condition
from tests.unit.objects.build import NS, config_map, namespace, read, replaced_by, repository, with_data, with_meta


@pytest.fixture(autouse=True)
def _object(config_maps: StoredObjects, call: Call) -> None:
    config_maps.create(call, NS, config_map(data={"k": "1"}, labels={"x": "1", "y": "2"}))


def test_an_update_makes_a_new_version(config_maps: StoredObjects, call: Call) -> None:
    before = config_maps.get(call, NS, "a")
    after = config_maps.update(call, NS, "a", with_data(k="2"))
    assert after.version > before.version
    assert config_maps.get(call, NS, "a") == after
    assert read(config_maps, after).data == {"k": "2"}


def test_what_nobody_may_change_stays(config_maps: StoredObjects, call: Call) -> None:
    before = read(config_maps, config_maps.get(call, NS, "a")).metadata
    sent = config_map(data={"k": "2"}, generation=99, creation_timestamp="1999-01-01T00:00:00Z", self_link="/x")
    after = read(config_maps, config_maps.update(call, NS, "a", replaced_by(sent))).metadata
    assert (after.uid, after.creation_timestamp) == (before.uid, before.creation_timestamp)
    assert (after.generation, after.self_link, after.namespace) == (0, "", NS)


def test_there_must_be_something_to_update(config_maps: StoredObjects, call: Call) -> None:
    with pytest.raises(NotFound, match=r'^configmaps "b" not found$'):
        config_maps.update(call, NS, "b", with_data(k="2"))


def test_the_body_must_name_the_object_of_the_url(config_maps: StoredObjects, call: Call) -> None:
    with pytest.raises(BadRequest, match=r"^the name of the object \(b\) does not match the name on the URL \(a\)$"):
        config_maps.update(call, NS, "a", with_meta(name="b"))
    with pytest.raises(BadRequest, match=r"^the name of the object \(a based on URL\) was undeterminable"):
        config_maps.update(call, NS, "a", with_meta(name=""))
    with pytest.raises(BadRequest, match=r"does not match the namespace sent on the request"):
        config_maps.update(call, NS, "a", with_meta(namespace="b"))


def test_another_uid_means_another_object(config_maps: StoredObjects, call: Call) -> None:
    with pytest.raises(Conflict, match=r"Precondition failed: UID in precondition: x, UID in object meta: "):
        config_maps.update(call, NS, "a", with_meta(uid="x"))


def test_a_stale_version_is_refused(config_maps: StoredObjects, call: Call) -> None:
    stale = str(config_maps.get(call, NS, "a").version)
    config_maps.update(call, NS, "a", with_data(k="2"))
    with pytest.raises(
        Conflict, match=r'^Operation cannot be fulfilled on configmaps "a": the object has been modified'
    ):
        config_maps.update(call, NS, "a", replaced_by(config_map(resource_version=stale)))


def test_a_version_that_is_no_number_is_refused(config_maps: StoredObjects, call: Call) -> None:
    for version in ("abc", "-1", "1.0", "٣"):
        with pytest.raises(BadRequest, match=r"must be a decimal number"):
            config_maps.update(call, NS, "a", with_meta(resource_version=version))


def test_built_in_kinds_are_replaced_without_naming_a_version(config_maps: StoredObjects, call: Call) -> None:
    item = config_maps.update(call, NS, "a", replaced_by(config_map(data={"z": "1"})))
    assert read(config_maps, item).data == {"z": "1"}


def test_custom_resources_must_name_the_version_they_replace(repositories: StoredObjects, call: Call) -> None:
    repositories.create(call, NS, repository())
    with pytest.raises(Invalid) as caught:
        repositories.update(call, NS, "blueprints", replaced_by(repository()))
    assert caught.value.message == (
        'repositories.config.porch.kpt.dev "blueprints" is invalid: '
        "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
    )


def test_an_update_that_changes_nothing_writes_nothing(config_maps: StoredObjects, call: Call, store: Store) -> None:
    before = config_maps.get(call, NS, "a")
    for change in (with_data(k="1"), with_meta(labels={"y": "2", "x": "1"}), with_meta(generation=5)):
        assert config_maps.update(call, NS, "a", change) == before
    with store.read() as reads:
        assert reads.versions.version() == before.version


def test_a_version_is_compared_even_when_nothing_changes(config_maps: StoredObjects, call: Call) -> None:
    with pytest.raises(Conflict):
        config_maps.update(call, NS, "a", with_meta(resource_version="1"))


def test_a_change_is_made_again_on_what_came_between(config_maps: StoredObjects, call: Call) -> None:
    seen: list[str] = []

    def change(current: Any) -> Any:
        seen.append(current.data["k"])
        if len(seen) == 1:
            config_maps.update(Call(Caller("joe")), NS, "a", with_data(k="2"))
        current.data = {"k": current.data["k"] + "!"}
        return current

    assert read(config_maps, config_maps.update(call, NS, "a", change)).data == {"k": "2!"}
    assert seen == ["1", "2"]


def test_a_named_version_loses_to_what_came_between(config_maps: StoredObjects, call: Call) -> None:
    version = str(config_maps.get(call, NS, "a").version)

    def change(_: Any) -> Any:
        config_maps.update(Call(Caller("joe")), NS, "a", with_data(k="2"))
        return config_map(data={"k": "3"}, resource_version=version)

    with pytest.raises(Conflict):
        config_maps.update(call, NS, "a", change)
    assert read(config_maps, config_maps.get(call, NS, "a")).data == {"k": "2"}


def test_an_object_that_is_deleted_meanwhile_is_not_found(config_maps: StoredObjects, call: Call) -> None:
    def change(current: Any) -> Any:
        config_maps.delete(Call(Caller("joe")), NS, "a", DeleteOptions())
        current.data = {}
        return current

    with pytest.raises(NotFound):
        config_maps.update(call, NS, "a", change)


def test_no_update_is_lost(config_maps: StoredObjects) -> None:
    def count(current: Any) -> Any:
        current.data = {"k": str(int(current.data["k"]) + 1)}
        return current

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: config_maps.update(Call(Caller("jane")), NS, "a", count), range(20)))
    assert read(config_maps, config_maps.get(Call(Caller("jane")), NS, "a")).data == {"k": "21"}


def test_wrong_content_is_refused_and_nothing_is_written(config_maps: StoredObjects, call: Call) -> None:
    before = config_maps.get(call, NS, "a")
    with pytest.raises(Invalid, match=r"a valid config key must"):
        config_maps.update(call, NS, "a", with_data(**{"bad key": "1"}))
    with pytest.raises(Invalid, match=r"metadata.deletionTimestamp: Invalid value: .*: field is immutable"):
        config_maps.update(call, NS, "a", with_meta(deletion_timestamp="2030-01-01T00:00:00Z"))
    assert config_maps.get(call, NS, "a") == before


def test_a_dry_run_keeps_the_version_and_writes_nothing(config_maps: StoredObjects, rehearsal: Call) -> None:
    before = config_maps.get(rehearsal, NS, "a")
    shown = config_maps.update(rehearsal, NS, "a", with_data(k="2"))
    assert (shown.version, read(config_maps, shown).data) == (before.version, {"k": "2"})
    assert config_maps.get(rehearsal, NS, "a") == before


def _ready(current: Any) -> Any:
    current.status.conditions = [Condition(type="Ready", status="True")]
    current.spec.description = "changed"
    current.metadata.labels = {"new": "label"}
    return current


def test_status_and_the_rest_are_written_apart(repositories: StoredObjects, call: Call) -> None:
    repositories.create(call, NS, repository())
    main = read(repositories, repositories.update(call, NS, "blueprints", _ready))
    assert (main.spec.description, main.metadata.labels, main.status.conditions) == ("changed", {"new": "label"}, [])
    assert main.metadata.generation == 2


def test_the_status_endpoint_changes_nothing_else(repositories: StoredObjects, call: Call) -> None:
    repositories.create(call, NS, repository())
    status = read(repositories, repositories.update(call, NS, "blueprints", _ready, "status"))
    assert (status.spec.description, status.metadata.labels) == ("", {})
    assert [condition.status for condition in status.status.conditions] == ["True"]
    assert status.metadata.generation == 1


def test_metadata_is_no_desired_state(repositories: StoredObjects, call: Call) -> None:
    repositories.create(call, NS, repository())
    item = repositories.update(call, NS, "blueprints", with_meta(labels={"a": "b"}))
    assert read(repositories, item).metadata.generation == 1


def test_a_namespace_keeps_its_label(namespaces: StoredObjects, call: Call) -> None:
    namespaces.create(call, "", namespace("team"))
    item = namespaces.update(call, "", "team", with_meta(labels={"a": "b"}))
    assert item.labels == {"a": "b", "kubernetes.io/metadata.name": "team"}


_TEXTS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "1", "2"]), max_size=3)


@settings(max_examples=30, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(_TEXTS, _TEXTS, st.integers(0, 2)), min_size=1, max_size=6))
def test_versions_move_exactly_when_the_object_changes(
    config_maps: StoredObjects, call: Call, steps: list[tuple[dict[str, str], dict[str, str], int]]
) -> None:
    """Each step writes data and labels against the current version or one that is `lag` versions old."""
    history = [config_maps.get(call, NS, "a").version]
    for data, labels, lag in steps:
        current = config_maps.get(call, NS, "a")
        state = read(config_maps, current)
        named = history[max(0, len(history) - 1 - lag)]
        sent = config_map(data=data, labels=labels, resource_version=str(named))
        if named != current.version:
            with pytest.raises(Conflict):
                config_maps.update(call, NS, "a", replaced_by(sent))
            assert config_maps.get(call, NS, "a") == current
            continue
        after = config_maps.update(call, NS, "a", replaced_by(sent))
        same = (state.data, state.metadata.labels) == (data, labels)
        assert (after.version == current.version) == same
        if not same:
            history.append(after.version)

"""Versions: what an object is now, what it was, and the log of its changes."""

from __future__ import annotations

import pytest

from porch.store import Store, Transaction

from .samples import REVISIONS, changes, delete, get, key, new, put, version


def test_an_empty_store_is_at_version_0(store: Store) -> None:
    assert version(store) == 0


def test_every_write_is_one_version_higher(store: Store) -> None:
    assert [put(store, "a").version, put(store, "b").version, put(store, "a").version] == [1, 2, 3]
    assert version(store) == 3


def test_a_version_comes_back_as_it_was_put(store: Store) -> None:
    written = put(store, "ä", b'","data":{"x":"\xc3\xa4"}}', alias="ae", labels={"l": '"1"'}, fields={"f": "2"})
    assert get(store, "ä") == written
    assert written.tail == b'","data":{"x":"\xc3\xa4"}}'
    assert (written.uid, written.alias, written.labels, written.fields) == ("uid-ä", "ae", {"l": '"1"'}, {"f": "2"})
    assert not written.deleted


def test_objects_differ_by_resource_namespace_and_name(store: Store) -> None:
    put(store, "a", b"1")
    put(store, "a", b"2", namespace="other")
    put(store, "a", b"3", namespace="", resource="namespaces")
    found = [
        get(store, "a"),
        get(store, "a", namespace="other"),
        get(store, "a", namespace="", resource="namespaces"),
    ]
    assert [item.tail for item in found if item] == [b"1", b"2", b"3"]
    assert get(store, "a", namespace="third") is None


def test_a_deleted_object_is_gone_and_its_tombstone_carries_the_last_state(store: Store) -> None:
    last = put(store, "a", b"last", alias="b", labels={"l": "1"}, fields={"f": "2"})
    tombstone = delete(store, "a")
    assert get(store, "a") is None
    assert tombstone.deleted
    assert tombstone.version == last.version + 1
    assert (tombstone.uid, tombstone.tail, tombstone.alias) == (last.uid, last.tail, last.alias)
    assert (tombstone.labels, tombstone.fields) == (last.labels, last.fields)


@pytest.mark.parametrize("before", ["never there", "deleted"])
def test_deleting_what_is_not_there_is_a_key_error_and_takes_no_version(store: Store, before: str) -> None:
    if before == "deleted":
        put(store, "a")
        delete(store, "a")
    newest = version(store)
    with pytest.raises(KeyError):
        delete(store, "a")
    assert version(store) == newest


def test_an_alias_finds_current_objects_of_its_namespace_only(store: Store) -> None:
    put(store, "r.a.b", resource=REVISIONS, alias="r-a-b")
    put(store, "r.a-b", resource=REVISIONS, alias="r-a-b")
    put(store, "r.a.b", resource=REVISIONS, alias="r-a-b", namespace="other")
    put(store, "r.c", resource=REVISIONS, alias="r-a-b")
    put(store, "r.c", resource=REVISIONS, alias="r-c")
    put(store, "r.d", resource=REVISIONS, alias="r-a-b")
    delete(store, "r.d", resource=REVISIONS)
    with store.read() as reads:
        found = reads.versions.named(REVISIONS, "default", "r-a-b")
        assert [item.key.name for item in found] == ["r.a-b", "r.a.b"]
        assert reads.versions.named(REVISIONS, "default", "r.a.b") == []
        assert reads.versions.named(REVISIONS, "default", "") == []


def test_changes_tell_each_write_with_what_it_replaced(store: Store) -> None:
    first = put(store, "a", b"1")
    second = put(store, "a", b"2")
    tombstone = delete(store, "a")
    again = put(store, "a", b"3")
    assert [(change.current, change.previous) for change in changes(store)] == [
        (first, None),
        (second, first),
        (tombstone, second),
        (again, None),
    ]


def test_changes_are_read_on_from_a_version_and_by_resource(store: Store) -> None:
    put(store, "a")
    middle = put(store, "b")
    put(store, "x", resource="secrets")
    put(store, "c")
    put(store, "d")
    assert [c.current.key.name for c in changes(store, middle.version)] == ["c", "d"]
    assert [c.current.key.name for c in changes(store, middle.version, limit=1)] == ["c"]
    assert changes(store, version(store)) == []
    assert changes(store, 10**30) == []
    assert changes(store, 0, "unheard-of") == []


def test_a_transaction_sees_its_own_writes(store: Store) -> None:
    def work(transaction: Transaction) -> None:
        transaction.versions.put(new("a", b"new"))
        found = transaction.versions.get(key("a"))
        assert found is not None
        assert found.tail == b"new"
        assert transaction.versions.version() == found.version

    store.commit(work)

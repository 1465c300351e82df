"""Lists: pages in order, states of the past, and selection."""

from __future__ import annotations

import pytest

from porch.store import Store
from porch.types.selectors import Requirement, Selector

from .samples import REVISIONS, delete, names, page, put, version, where


@pytest.fixture
def letters(store: Store) -> Store:
    """Objects a to e, one of them in another namespace, with labels and fields to select by."""
    put(store, "d", labels={"tier": "back"}, fields={"type": "x"})
    put(store, "b", labels={"tier": "front"}, fields={"type": "y"})
    put(store, "c", namespace="other", fields={"type": "x"})
    put(store, "a", labels={"tier": "front", "size": "10"}, fields={"type": "x"}, alias="alpha")
    put(store, "e", labels={"size": "9"})
    put(store, "z", resource="secrets")
    return store


def test_a_list_is_ordered_by_namespace_then_name(letters: Store) -> None:
    assert names(letters) == ["a", "b", "d", "e", "c"]
    assert names(letters, namespace="default") == ["a", "b", "d", "e"]
    assert names(letters, namespace="nowhere") == []
    assert page(letters).version == version(letters)


def test_cluster_scoped_objects_live_in_the_empty_namespace(store: Store) -> None:
    put(store, "one", namespace="", resource="namespaces")
    assert names(store, resource="namespaces") == ["one"]
    assert names(store, resource="namespaces", namespace="") == ["one"]


def test_pages_follow_one_another_in_order(letters: Store) -> None:
    first = page(letters, limit=2)
    assert ([i.key.name for i in first.items], first.more) == (["a", "b"], True)
    second = page(letters, limit=2, after=("default", "b"))
    assert ([i.key.name for i in second.items], second.more) == (["d", "e"], True)
    third = page(letters, limit=2, after=("default", "e"))
    assert ([i.key.name for i in third.items], third.more) == (["c"], False)


def test_a_page_that_is_just_full_has_no_more(letters: Store) -> None:
    assert not page(letters, limit=5).more
    assert not page(letters).more


def test_a_page_never_leaves_its_namespace(letters: Store) -> None:
    put(letters, "spy", namespace="above")
    assert names(letters, namespace="default", after=("", "")) == ["a", "b", "d", "e"]
    assert names(letters, namespace="default", after=("aaaa", "x")) == ["a", "b", "d", "e"]
    assert names(letters, namespace="default", after=("other", "a")) == []


def test_paging_at_a_version_shows_the_state_of_that_version(letters: Store) -> None:
    start = page(letters, limit=2)
    put(letters, "a", b"changed")
    put(letters, "bb")
    delete(letters, "d")
    put(letters, "e", b"changed")
    rest = page(letters, limit=2, at=start.version, after=("default", "b"))
    assert [(i.key.name, i.tail) for i in rest.items] == [("d", b"{}"), ("e", b"{}")]
    assert (rest.version, rest.more) == (start.version, True)
    assert names(letters, at=start.version) == ["a", "b", "d", "e", "c"]
    assert names(letters) == ["a", "b", "bb", "e", "c"]


def test_a_past_state_is_the_same_when_only_other_resources_changed(letters: Store) -> None:
    before = version(letters)
    put(letters, "y", resource="secrets")
    shown = page(letters, at=before, limit=1)
    assert ([i.key.name for i in shown.items], shown.version) == (["a"], before)


def test_every_past_state_can_be_listed(store: Store) -> None:
    put(store, "a")
    put(store, "b")
    put(store, "a", b"2")
    delete(store, "b")
    put(store, "b", b"3")
    states = [[(i.key.name, i.version) for i in page(store, at=at).items] for at in range(6)]
    assert states == [[], [("a", 1)], [("a", 1), ("b", 2)], [("a", 3), ("b", 2)], [("a", 3)], [("a", 3), ("b", 5)]]


def test_a_state_of_the_future_is_the_newest(letters: Store) -> None:
    assert page(letters, at=10**9).version == version(letters)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (where("tier", "in", "front"), ["a", "b"]),
        (where("tier", "in", "front", "back"), ["a", "b", "d"]),
        (where("tier", "notin", "front"), ["d", "e", "c"]),
        (where("tier", "exists"), ["a", "b", "d"]),
        (where("tier", "!exists"), ["e", "c"]),
        (where("size", "gt", "9"), ["a"]),
        (Selector((Requirement("tier", "exists"), Requirement("size", "exists"))), ["a"]),
    ],
)
def test_label_selectors(letters: Store, selector: Selector, expected: list[str]) -> None:
    assert names(letters, labels=selector) == expected


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (where("type", "in", "x"), ["a", "d", "c"]),
        (where("type", "notin", "x"), ["b", "e"]),
        (where("metadata.name", "in", "b"), ["b"]),
        (where("metadata.name", "in", "alpha"), ["a"]),
        (where("metadata.name", "in", "nobody"), []),
        (where("metadata.name", "notin", "alpha"), ["b", "d", "e", "c"]),
        (where("metadata.name", "notin", "a"), ["b", "d", "e", "c"]),
        (where("metadata.namespace", "in", "other"), ["c"]),
        (where("metadata.namespace", "notin", "other"), ["a", "b", "d", "e"]),
        (Selector((*where("metadata.name", "in", "a").requirements, *where("type", "in", "y").requirements)), []),
    ],
)
def test_field_selectors(letters: Store, selector: Selector, expected: list[str]) -> None:
    assert names(letters, fields=selector) == expected
    past = version(letters)
    put(letters, "a", b"no longer selected")
    put(letters, "f", fields={"type": "x"})
    assert names(letters, fields=selector, at=past) == expected


def test_a_namespace_asked_for_twice_must_be_the_same(letters: Store) -> None:
    selector = where("metadata.namespace", "in", "other")
    assert names(letters, namespace="default", fields=selector) == []
    assert names(letters, namespace="other", fields=selector) == ["c"]
    assert page(letters, namespace="default", fields=selector).version == version(letters)


def test_a_name_is_found_in_all_namespaces_and_by_alias_once(store: Store) -> None:
    for namespace in ("one", "two"):
        put(store, "a", namespace=namespace, resource=REVISIONS, alias="a")
    put(store, "b", namespace="two", resource=REVISIONS, alias="a")
    selector = where("metadata.name", "in", "a")
    found = page(store, resource=REVISIONS, fields=selector).items
    assert [(i.key.namespace, i.key.name) for i in found] == [("one", "a"), ("two", "a"), ("two", "b")]
    assert names(store, resource=REVISIONS, fields=selector, namespace="one") == ["a"]
    assert names(store, resource=REVISIONS, fields=selector, after=("two", "a")) == ["b"]


def test_selected_pages_know_that_more_follow(letters: Store) -> None:
    first = page(letters, fields=where("type", "in", "x"), limit=1)
    assert ([i.key.name for i in first.items], first.more) == (["a"], True)
    last = page(letters, fields=where("type", "in", "x"), limit=2, after=("default", "a"))
    assert ([i.key.name for i in last.items], last.more) == (["d", "c"], False)


def test_selected_items_are_whole(letters: Store) -> None:
    (item,) = page(letters, labels=where("size", "gt", "9")).items
    assert (item.tail, item.alias, item.labels) == (b"{}", "alpha", {"tier": "front", "size": "10"})

"""The index of package revisions: what checks ask of it, and that it can be thrown away."""

from __future__ import annotations

import dataclasses

import pytest

from porch.errors import Expired
from porch.keys import RepositoryKey
from porch.store import Intent, RefMove, RevisionRow, Store, Transaction

from .samples import BLUEPRINTS, REVISIONS, changes, get, new, page, put, revision, version, write

LOCATION = "https://git.example/blueprints"


def index(store: Store, *rows: RevisionRow) -> None:
    write(store, *(lambda t, row=row: t.revisions.put(row) for row in rows))


def overlapping(store: Store, full_path: str, location: str = LOCATION) -> list[str]:
    with store.read() as reads:
        return sorted(row.full_path for row in reads.revisions.overlapping(location, full_path))


def test_a_revision_comes_back_as_it_was_put_and_is_replaced_by_name(store: Store) -> None:
    row = revision("v1", revision=1, lifecycle="Published", content_version=7, latest=True)
    index(store, row)
    with store.read() as reads:
        assert reads.revisions.get("default", row.name) == row
        assert reads.revisions.get("other", row.name) is None
    index(store, dataclasses.replace(row, latest=False))
    with store.read() as reads:
        assert reads.revisions.of_repository(BLUEPRINTS) == [dataclasses.replace(row, latest=False)]


def test_revisions_are_found_by_repository_and_package(store: Store) -> None:
    one, two, nested = revision("v1"), revision("v2"), revision("v1", "app/db")
    foreign = revision("v1", namespace="other")
    index(store, two, one, nested, foreign)
    with store.read() as reads:
        assert reads.revisions.of_repository(BLUEPRINTS) == [one, two, nested]
        assert reads.revisions.of_package(BLUEPRINTS, "app") == [one, two]
        assert reads.revisions.of_package(BLUEPRINTS, "nothing") == []
        assert reads.revisions.of_repository(RepositoryKey("other", "blueprints")) == [foreign]


def test_revisions_are_found_by_their_refs(store: Store) -> None:
    one, two = revision("v1"), revision("v2")
    on_main = [revision("main", path, ref="refs/heads/main") for path in ("app", "db")]
    index(store, one, two, *on_main, revision("v1", namespace="other"))
    with store.read() as reads:
        found = reads.revisions.at_refs(BLUEPRINTS, [one.ref, "refs/heads/main", "refs/heads/nothing"])
        assert sorted(row.name for row in found) == sorted(row.name for row in (one, *on_main))
        assert reads.revisions.at_refs(BLUEPRINTS, []) == []


def test_the_revisions_of_a_repository_are_counted(store: Store) -> None:
    index(store, revision("v1"), revision("v2", "db"), revision("v1", namespace="other"))
    with store.read() as reads:
        assert reads.revisions.count(BLUEPRINTS) == 2
        assert reads.revisions.count(RepositoryKey("default", "nothing")) == 0


def test_a_deleted_revision_is_gone(store: Store) -> None:
    index(store, revision("v1"), revision("v2"))
    write(store, lambda t: t.revisions.delete("default", "blueprints.app.v1"))
    with store.read() as reads:
        assert reads.revisions.of_repository(BLUEPRINTS) == [revision("v2")]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/b", ["a", "a/b", "a/b/c", "a/b/c/d"]),
        ("a", ["a", "a/b", "a/b/c", "a/b/c/d", "a/bb"]),
        ("a/b/c/d/e", ["a", "a/b", "a/b/c", "a/b/c/d"]),
        ("a/b/x", ["a", "a/b"]),
        ("a/bb/c", ["a", "a/bb"]),
        ("x", []),
        ("", ["a", "a-b", "a/b", "a/b/c", "a/b/c/d", "a/bb", "a0"]),
    ],
)
def test_packages_overlap_above_and_below_by_whole_segments(store: Store, path: str, expected: list[str]) -> None:
    paths = ["a", "a/b", "a/b/c", "a/b/c/d", "a/bb", "a-b", "a0"]
    index(store, *(revision("v1", known) for known in paths))
    assert overlapping(store, path) == expected
    assert overlapping(store, path, "https://git.example/else") == []


def test_overlap_looks_at_all_repositories_of_a_location(store: Store) -> None:
    index(store, revision("v1", "a"), revision("v1", "a", namespace="other", full_path="a/b"))
    assert overlapping(store, "a/b/c") == ["a", "a/b"]


def test_a_package_at_the_root_overlaps_everything(store: Store) -> None:
    index(store, revision("v1", "", name="blueprints.v1"), revision("v1", "a"))
    assert overlapping(store, "x/y") == [""]
    assert overlapping(store, "") == ["", "a"]


def test_refs_of_a_mirror_are_added_moved_and_removed(store: Store) -> None:
    write(store, lambda t: t.revisions.put_refs("m", {"refs/heads/a": "1" * 40, "refs/heads/b": "2" * 40}))
    write(store, lambda t: t.revisions.put_refs("m", {"refs/heads/a": "3" * 40, "refs/heads/b": None}))
    write(store, lambda t: t.revisions.put_refs("n", {"refs/heads/c": "4" * 40}))
    with store.read() as reads:
        assert reads.revisions.refs("m") == {"refs/heads/a": "3" * 40}
        assert reads.revisions.refs("unheard-of") == {}


def test_some_refs_of_a_mirror_can_be_asked_for(store: Store) -> None:
    write(store, lambda t: t.revisions.put_refs("m", {"refs/heads/a": "1" * 40, "refs/heads/b": "2" * 40}))
    with store.read() as reads:
        assert reads.revisions.targets("m", ["refs/heads/b", "refs/heads/c"]) == {"refs/heads/b": "2" * 40}
        assert reads.revisions.targets("n", ["refs/heads/b"]) == {}


@pytest.mark.parametrize(
    ("ref", "clash"),
    [
        ("refs/heads/drafts/app/v1/x", "refs/heads/drafts/app/v1"),
        ("refs/heads/drafts/app", "refs/heads/drafts/app/v1"),
        ("refs/heads/drafts/app/v1", None),
        ("refs/heads/drafts/app/v", None),
        ("refs/heads/drafts/app/v10", None),
        ("refs/heads/drafts/app-x", None),
    ],
)
def test_a_ref_clashes_with_those_above_and_below_it(store: Store, ref: str, clash: str | None) -> None:
    write(store, lambda t: t.revisions.put_refs("m", {"refs/heads/drafts/app/v1": "1" * 40}))
    with store.read() as reads:
        assert reads.revisions.clashing_ref("m", ref) == clash
        assert reads.revisions.clashing_ref("n", ref) is None


def test_user_metadata_is_kept_replaced_and_removed(store: Store) -> None:
    def metadata() -> bytes | None:
        with store.read() as reads:
            return reads.revisions.user_metadata("default", "blueprints.app.v1")

    assert metadata() is None

    def becomes(value: bytes | None) -> bool:
        write(store, lambda t: t.revisions.put_user_metadata("default", "blueprints.app.v1", value))
        return metadata() == value

    assert becomes(b"{}")
    assert becomes(b'{"labels":{"a":"b"}}')
    assert becomes(None)


def vanished(store: Store, name: str) -> int | None:
    with store.read() as reads:
        return reads.revisions.vanished_since("default", name)


def test_user_metadata_of_a_vanished_revision_keeps_the_time_until_that_returns(store: Store) -> None:
    write(store, lambda t: t.revisions.put_user_metadata("default", "a.b.c", b"{}"))
    assert vanished(store, "a.b.c") is None
    write(store, lambda t: t.revisions.set_vanished("default", ["a.b.c", "nobody.knows.it"], 100))
    write(store, lambda t: t.revisions.set_vanished("default", ["a.b.c"], 200))
    assert (vanished(store, "a.b.c"), vanished(store, "nobody.knows.it")) == (100, None)
    write(store, lambda t: t.revisions.set_vanished("default", ["a.b.c"], None))
    assert vanished(store, "a.b.c") is None
    write(store, lambda t: t.revisions.set_vanished("default", ["a.b.c"], 300))
    write(store, lambda t: t.revisions.put_user_metadata("default", "a.b.c", b'{"labels":{"a":"b"}}'))
    assert vanished(store, "a.b.c") is None


def test_user_metadata_is_dropped_when_its_revision_vanished_long_ago(store: Store) -> None:
    def fill(tx: Transaction) -> None:
        for name, when in (("a.b.old", 100), ("a.b.new", 200), ("a.b.there", None)):
            tx.revisions.put_user_metadata("default", name, b"{}")
            tx.revisions.set_vanished("default", [name], when)

    store.commit(fill)
    assert store.commit(lambda t: list(t.revisions.drop_vanished(200))) == [("default", "a.b.old")]
    assert store.commit(lambda t: list(t.revisions.drop_vanished(200))) == []
    with store.read() as reads:
        kept = reads.revisions.with_user_metadata(RepositoryKey("default", "a"))
    assert sorted(kept) == ["a.b.new", "a.b.there"]


class TestDropIndex:
    @pytest.fixture
    def filled(self, store: Store) -> Store:
        put(store, "state")
        intent = Intent("op", BLUEPRINTS, "m", (RefMove("refs/heads/a", "", "1" * 40),), b"payload")
        write(
            store,
            lambda t: t.revisions.put(revision("v1")),
            lambda t: t.revisions.put_refs("m", {"refs/heads/a": "1" * 40}),
            lambda t: t.revisions.put_user_metadata("default", "blueprints.app.v1", b"{}"),
            lambda t: t.versions.put(new("blueprints.app.v1", resource=REVISIONS)),
            lambda t: t.intents.add(intent),
        )
        return store

    def test_what_git_knows_is_forgotten(self, filled: Store) -> None:
        filled.drop_index()
        with filled.read() as reads:
            assert reads.revisions.of_repository(BLUEPRINTS) == []
            assert reads.revisions.refs("m") == {}
        assert page(filled, resource=REVISIONS).items == []

    def test_state_stays(self, filled: Store) -> None:
        filled.drop_index()
        with filled.read() as reads:
            assert reads.revisions.user_metadata("default", "blueprints.app.v1") == b"{}"
            assert reads.intents.moving("m", ["refs/heads/a"])
            assert [intent.id for intent in reads.intents.all()] == ["op"]
        assert get(filled, "state") is not None
        assert len(changes(filled)) == 1

    def test_the_sequence_goes_on(self, filled: Store) -> None:
        before = version(filled)
        filled.drop_index()
        assert put(filled, "blueprints.app.v1", resource=REVISIONS).version > before

    def test_every_reader_of_the_log_must_start_again(self, filled: Store) -> None:
        before = version(filled)
        filled.drop_index()
        for after in (0, before):
            with pytest.raises(Expired, match=rf"too old resource version: {after} \({version(filled)}\)"):
                changes(filled, after, REVISIONS)
        with pytest.raises(Expired):
            page(filled, resource=REVISIONS, at=before)

    def test_whoever_starts_again_can_follow(self, filled: Store) -> None:
        filled.drop_index()
        start = page(filled, resource=REVISIONS).version
        rebuilt = put(filled, "blueprints.app.v1", resource=REVISIONS)
        (change,) = changes(filled, start, REVISIONS)
        assert (change.current, change.previous) == (rebuilt, None)


def test_user_metadata_is_found_by_repository_indexed_or_not(store: Store) -> None:
    def fill(tx: Transaction) -> None:
        for name in ("blueprints.app.v1", "blueprints.a.b.v1", "blueprints-2.app.v1", "blueprint.app.v1"):
            tx.revisions.put_user_metadata("default", name, b"{}")
        tx.revisions.put_user_metadata("other", "blueprints.app.v2", b"{}")

    store.commit(fill)
    with store.read() as reads:
        assert sorted(reads.revisions.with_user_metadata(BLUEPRINTS)) == ["blueprints.a.b.v1", "blueprints.app.v1"]
        assert list(reads.revisions.with_user_metadata(RepositoryKey("other", "none"))) == []

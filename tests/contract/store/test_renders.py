"""Verdicts of renders: the last one of each tree; renders that take long are known until they end."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from pathlib import Path

from porch.store import Operation, Store, Verdict

from .conftest import Opener
from .samples import revision, write

SET_IMAGE = ("ghcr.io/kptdev/krm-functions-catalog/set-image:v0.1.2", "sha256:1")
GOOD = Verdict("1" * 40, succeeded=True, functions=(SET_IMAGE,), status=b'{"error":""}\xff', when=100)


def verdict(store: Store, tree: str) -> Verdict | None:
    with store.read() as reads:
        return reads.renders.verdict(tree)


def note(store: Store, made: Verdict) -> None:
    write(store, lambda t: t.renders.put_verdict(made))


def operations(store: Store) -> list[Operation]:
    with store.read() as reads:
        return list(reads.renders.operations())


def test_a_verdict_comes_back_whole(store: Store) -> None:
    write(store, lambda t: t.renders.put_verdict(GOOD))
    assert verdict(store, GOOD.tree) == GOOD
    assert verdict(store, "2" * 40) is None


def test_the_last_verdict_of_a_tree_counts(store: Store) -> None:
    failed = dataclasses.replace(GOOD, succeeded=False, functions=(), status=b"", when=200)
    write(store, lambda t: t.renders.put_verdict(GOOD), lambda t: t.renders.put_verdict(failed))
    assert verdict(store, GOOD.tree) == failed


def test_a_verdict_is_visible_inside_its_transaction(store: Store) -> None:
    def both(tx: object) -> Verdict | None:
        tx.renders.put_verdict(GOOD)  # type: ignore[attr-defined]
        return tx.renders.verdict(GOOD.tree)  # type: ignore[attr-defined, no-any-return]

    assert store.commit(both) == GOOD


def test_old_verdicts_of_trees_that_no_revision_has_are_forgotten(store: Store) -> None:
    kept = revision("v1")
    write(store, lambda t: t.revisions.put(kept))
    for name, when in ((kept.tree, 100), ("3" * 40, 100), ("4" * 40, 300)):
        note(store, dataclasses.replace(GOOD, tree=name, when=when))
    assert store.commit(lambda tx: tx.renders.drop_verdicts(200)) == 1
    assert verdict(store, kept.tree) is not None
    assert verdict(store, "3" * 40) is None
    assert verdict(store, "4" * 40) is not None


def test_operations_are_known_until_they_end(store: Store) -> None:
    first, second = Operation("a", "default", "r.p.v1"), Operation("b", "default", "r.q.v1")
    write(store, lambda t: t.renders.begin(second), lambda t: t.renders.begin(first))
    assert operations(store) == [first, second]
    write(store, lambda t: t.renders.end("a"), lambda t: t.renders.end("none"))
    assert operations(store) == [second]


def test_verdicts_and_operations_outlive_the_process_and_the_index(opener: Opener, tmp_path: Path) -> None:
    with closing(opener(tmp_path)) as store:
        write(store, lambda t: t.renders.put_verdict(GOOD), lambda t: t.renders.begin(Operation("a", "n", "r.p.v1")))
    with closing(opener(tmp_path)) as store:
        store.drop_index()
        assert verdict(store, GOOD.tree) == GOOD
        assert len(operations(store)) == 1

"""Any run of writes, rollbacks, compactions and reopenings behaves like a plain dictionary of states."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from porch.errors import Expired
from porch.store import Change, NewVersion, Store, StoredVersion, Transaction

from .conftest import Opener
from .samples import MAPS, changes, key, page, version, where

NAMES = st.sampled_from(["a", "b", "c"])
NAMESPACES = st.sampled_from(["one", "two"])
COLORS = st.sampled_from(["red", "blue"])
State = dict[tuple[str, str], StoredVersion]


class Rollback(Exception):
    pass


class StoreMachine(RuleBasedStateMachine):
    """`states` are all states there ever were, `log` all changes, from version 1 on."""

    opener: Opener

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.heard: list[Change] = []
        self.states: list[State] = [{}]
        self.log: list[Change] = []
        self.compacted = 0
        self.store = self._open()

    def _open(self) -> Store:
        store = type(self).opener(Path(self.directory.name))
        store.on_commit(self.heard.extend)
        return store

    def teardown(self) -> None:
        self.store.close()
        self.directory.cleanup()

    def _expect(self, current: StoredVersion) -> None:
        at = (current.key.namespace, current.key.name)
        self.log.append(Change(current, self.states[-1].get(at)))
        state = {known: item for known, item in self.states[-1].items() if known != at}
        self.states.append(state if current.deleted else {**state, at: current})

    @rule(name=NAMES, namespace=NAMESPACES, color=COLORS, tail=st.binary(max_size=4))
    def put(self, name: str, namespace: str, color: str, tail: bytes) -> None:
        made = NewVersion(key(name, namespace), "uid", tail, f"{name}-alias", {"color": color}, {"color": color})
        expected = StoredVersion(
            made.key, len(self.states), "uid", tail, made.alias, {"color": color}, {"color": color}
        )
        assert self.store.commit(lambda t: t.versions.put(made)) == expected
        self._expect(expected)

    @rule(name=NAMES, namespace=NAMESPACES)
    def delete(self, name: str, namespace: str) -> None:
        last = self.states[-1].get((namespace, name))
        if last is None:
            with pytest.raises(KeyError):
                self.store.commit(lambda t: t.versions.delete(key(name, namespace)))
            return
        tombstone = self.store.commit(lambda t: t.versions.delete(key(name, namespace)))
        assert (tombstone.deleted, tombstone.tail, tombstone.version) == (True, last.tail, len(self.states))
        self._expect(tombstone)

    @rule(name=NAMES, namespace=NAMESPACES)
    def roll_back(self, name: str, namespace: str) -> None:
        def work(transaction: Transaction) -> None:
            transaction.versions.put(NewVersion(key(name, namespace), "uid", b"lost"))
            raise Rollback

        with pytest.raises(Rollback):
            self.store.commit(work)

    @rule(back=st.integers(0, 4))
    def compact(self, back: int) -> None:
        self.compacted = max(self.compacted, len(self.states) - 1 - back)
        self.store.compact(before=self.compacted)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = self._open()

    @rule(back=st.integers(0, 6), color=COLORS, limit=st.integers(0, 3), namespace=NAMESPACES | st.none())
    def list_by_pages(self, back: int, color: str, limit: int, namespace: str | None) -> None:
        at = max(self.compacted, len(self.states) - 1 - back)
        expected = [
            item
            for place, item in sorted(self.states[at].items())
            if item.labels["color"] == color and namespace in {None, place[0]}
        ]
        found: list[StoredVersion] = []
        after, more = None, True
        while more:
            shown = page(
                self.store,
                namespace=namespace,
                labels=where("color", "in", color),
                at=at,
                after=after,
                limit=limit,
            )
            found += shown.items
            more = shown.more
            after = (found[-1].key.namespace, found[-1].key.name) if found else None
        assert found == expected

    @rule(back=st.integers(0, 6), limit=st.integers(1, 3))
    def list_a_page(self, back: int, limit: int) -> None:
        at = max(self.compacted, len(self.states) - 1 - back)
        shown = page(self.store, at=at, limit=limit)
        everything = sorted(self.states[at].items())
        assert [item for _, item in everything[:limit]] == shown.items

    @invariant()
    def current_state_and_log_agree(self) -> None:
        assert version(self.store) == len(self.states) - 1
        assert page(self.store).items == [item for _, item in sorted(self.states[-1].items())]
        assert self.heard == self.log
        assert list(changes(self.store, self.compacted)) == self.log[self.compacted :]

    @invariant()
    def what_is_older_than_the_compaction_is_whole_or_expired(self) -> None:
        for after in range(self.compacted):
            try:
                assert list(changes(self.store, after)) == self.log[after:]
            except Expired:
                continue

    @invariant()
    def names_and_aliases_find_what_is_current(self) -> None:
        with self.store.read() as reads:
            for name in ("a", "b", "c"):
                expected = self.states[-1].get(("one", name))
                assert reads.versions.get(key(name, "one")) == expected
                assert list(reads.versions.named(MAPS, "one", f"{name}-alias")) == ([expected] if expected else [])


def test_the_store_behaves_like_a_dictionary_of_states(opener: Opener) -> None:
    machine = type("StoreMachine", (StoreMachine,), {"opener": staticmethod(opener)})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True, database=None),
    )

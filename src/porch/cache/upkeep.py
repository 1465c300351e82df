"""Background care for repositories on disk: redo records are let go once the files are safe, and packs stay few.

One thread. Every few seconds it makes what was written durable, then forgets the intents that guarded it; now and
then it drops old history and has git repack what has grown, at low priority. At start, `replay` puts back what a power
cut took.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from porch.cache.cache import Cache
from porch.cache.intents import Outcome
from porch.cache.opener import Layout
from porch.errors import PorchError
from porch.observe.faults import reach
from porch.repository.git import restore, sync_to_disk, upkeep
from porch.store import Intent

_log = structlog.get_logger("porch.upkeep")
_SYNC_SECONDS = 2.0
_REPACK_ROUNDS = 30


class Upkeep:
    def __init__(self, cache: Cache, layout: Layout, history: int) -> None:
        """`history` is how many versions watches can resume from."""
        self._cache, self._layout, self._history = cache, layout, history
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def replay(self) -> None:
        """Writes the objects and refs of hosted intents again, which is nothing where they are; of an interrupted one
        only if its refs had begun to move. Before anything is served; the intents of a Repository that was
        unregistered have nobody to miss them.
        """
        with self._cache.store.read() as reads:
            intents = reads.intents.all()
        for intent in intents:
            try:
                self._replay(intent)
            except PorchError as error:
                _log.warning("a redo record was not replayed", intent=intent.id, error=error.message)

    def _replay(self, intent: Intent) -> None:
        opened = self._cache.open_repository(intent.repository)
        facts = opened.facts
        if facts.hosted and (intent.applied or opened.outcome(intent) is not Outcome.UNDONE):
            path = self._layout.hosted(facts.key.namespace, facts.hosted_name)
            restore(str(path), intent.pack, intent.moves)
            reach("intent-replayed")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        rounds = 0
        while not self._stop.wait(_SYNC_SECONDS):
            rounds += 1
            self._guard(self.release_intents)
            if rounds % _REPACK_ROUNDS == 0:
                self._guard(self._compact)
                self._guard(self._repack)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (PorchError, OSError) as error:
            _log.warning("upkeep failed, and is tried again", error=str(error))

    def release_intents(self) -> None:
        """Syncs the files to disk, then forgets the applied intents that were there before."""
        store = self._cache.store
        with store.read() as reads:
            applied = reads.intents.applied()
        if applied:
            reach("unsynced")
            sync_to_disk(str(self._layout.directory))
            store.commit(lambda tx: tx.intents.remove(applied))

    def _compact(self) -> None:
        with self._cache.store.read() as reads:
            oldest = reads.versions.version() - self._history
        if oldest > 0:
            self._cache.store.compact(oldest)

    def _repack(self) -> None:
        git = self._layout.directory / "git"
        for path in sorted([*git.glob("hosted/*/*.git"), *git.glob("mirrors/*.git")]):
            if self._stop.is_set():
                return
            upkeep(str(path))

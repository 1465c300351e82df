"""Background care for repositories on disk: redo records are let go once the files are safe, and packs stay few.

One thread. Every few seconds it makes what was written durable, then forgets the intents that guarded it; now and
then it drops old history and has git repack what has grown, at low priority. At start, `replay` puts back what a power
cut took.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog

from porch.cache.cache import Cache
from porch.cache.intents import Outcome
from porch.cache.opener import Layout
from porch.errors import PorchError
from porch.observe.faults import reach
from porch.repository.git import discard, drop_newest_torn, restore, sync_to_disk, upkeep
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
        only if its refs had begun to move, which is asked before any is replayed: they bring back refs that later ones
        deleted. Before anything is served; the intents of a Repository that was unregistered have nobody to miss them.
        Then all is durable that a process which died had not synced.
        """
        drop_newest_torn([str(path.parent) for path in self._layout.directory.glob("git/hosted/*/*.git/objects")])
        with self._cache.store.read() as reads:
            intents = reads.intents.all()
        for intent in [intent for intent in intents if self._tried(self._had_begun, intent)]:
            self._tried(self._replay, intent)
        sync_to_disk(str(self._layout.directory))

    def _tried(self, work: Callable[[Intent], bool], intent: Intent) -> bool:
        try:
            return work(intent)
        except PorchError as error:
            _log.warning("a redo record was not replayed", intent=intent.id, error=error.message)
            return False

    def _had_begun(self, intent: Intent) -> bool:
        opened = self._cache.open_repository(intent.repository)
        if not opened.facts.hosted:
            return False
        if intent.applied or opened.outcome(intent) is not Outcome.UNDONE:
            return True
        discard(self._path(intent), intent.moves)
        return False

    def _replay(self, intent: Intent) -> bool:
        restore(self._path(intent), intent.pack, intent.moves)
        reach("intent-replayed")
        return True

    def _path(self, intent: Intent) -> str:
        facts = self._cache.open_repository(intent.repository).facts
        return str(self._layout.hosted(facts.key.namespace, facts.hosted_name))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What is synced now, the next start need not replay."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
            self._guard(self.release_intents)

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
        """Forgets the applied intents that are there, once their files are durable."""
        if self._applied():
            self.make_durable()

    def make_durable(self) -> None:
        """Syncs the files to disk, also what no intent guards, then forgets the applied intents that were there before.
        Raises OSError.
        """
        applied = self._applied()
        reach("unsynced")
        sync_to_disk(str(self._layout.directory))
        if applied:
            self._cache.store.commit(lambda tx: tx.intents.remove(applied))

    def _applied(self) -> Sequence[str]:
        with self._cache.store.read() as reads:
            return reads.intents.applied()

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

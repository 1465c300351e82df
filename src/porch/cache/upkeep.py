"""Background care for repositories on disk: redo records are let go once the files are safe, and little lies around.

One thread. Every few seconds it makes what was written durable, then forgets the intents that guarded it. Each ten
seconds git joins what has grown, at low priority: often, so that it is little each time. Each minute old history is
dropped and every repository tidied. Once a day each repository loses what nothing
leads to any more and what dead processes left, and is looked through for damage, one at a time. At start, `replay` puts
back what a power cut took.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from porch.cache.cache import Cache
from porch.cache.intents import Outcome
from porch.cache.opener import Layout
from porch.errors import PorchError
from porch.keys import RepositoryKey
from porch.objects import ListOptions
from porch.observe.faults import reach
from porch.repository.git import discard, drop_newest_torn, is_crowded, restore, sync_to_disk, upkeep
from porch.store import Intent

_log = structlog.get_logger("porch.upkeep")
_SYNC_SECONDS = 2.0
_JOIN_ROUNDS, _TIDY_ROUNDS = 5, 30
DAY = 86400.0
METADATA_SECONDS = 30 * DAY
"""For how long what users put on a package revision is kept after it has left git."""
_UNUSED = "porch-unused"


class Upkeep:
    def __init__(self, cache: Cache, layout: Layout, history: int, clock: Callable[[], float] = time.time) -> None:
        """`history` is how many versions watches can resume from."""
        self._cache, self._layout, self._history, self._clock = cache, layout, history, clock
        self._verdicts_at = clock()
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
            if rounds % _JOIN_ROUNDS == 0:
                self._guard(self.join)
            if rounds % _TIDY_ROUNDS == 0:
                for work in (
                    self._compact,
                    self.tidy,
                    self.collect_one,
                    self.drop_mirrors,
                    self.drop_metadata,
                    self.drop_verdicts,
                ):
                    self._guard(work)

    def _guard(self, work: Callable[[], object]) -> None:
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

    def join(self) -> None:
        """Has git join the loose objects of repositories that were written to a lot."""
        self._each_repository(lambda path: is_crowded(path) and upkeep(path))

    def tidy(self) -> None:
        """Takes away locks of dead processes, and repacks what has grown."""
        self._each_repository(upkeep)

    def _each_repository(self, work: Callable[[str], object]) -> None:
        git = self._layout.directory / "git"
        for path in sorted([*git.glob("hosted/*/*.git"), *git.glob("mirrors/*.git")]):
            if self._stop.is_set():
                return
            work(str(path))

    def collect_one(self) -> RepositoryKey | None:
        """Has one repository lose what nothing led to for a day, and looked through, if one is due."""
        for obj in self._cache.objects(ListOptions()):
            key = RepositoryKey(obj.metadata.namespace, obj.metadata.name)
            if self._stop.is_set():
                return None
            try:
                opened = self._cache.open_repository(key)
            except PorchError:
                continue  # its condition says why
            if opened.collect(DAY):
                opened.doubt()
                return key
        return None

    def drop_mirrors(self) -> int:
        """Deletes copies of remotes that no Repository has used for a day, and halves of such; how many."""
        used = {
            self._layout.mirror_of(RepositoryKey(obj.metadata.namespace, obj.metadata.name), obj.spec.git)
            for obj in self._cache.objects(ListOptions())
            if obj.spec.git is not None
        }
        mirrors = self._layout.directory / "git" / "mirrors"
        found = [*sorted(mirrors.glob("*.git")), *mirrors.glob("*.new"), *mirrors.glob("*.old")]
        return sum(self._is_dropped(path, path in used) for path in found)

    def _is_dropped(self, path: Path, used: bool) -> bool:
        mark = path / _UNUSED
        if used:
            mark.unlink(missing_ok=True)
        elif not mark.exists():
            mark.write_text(f"{self._clock()}\n", "ascii")
        elif self._clock() - float(mark.read_text("ascii") or 0) > DAY:
            shutil.rmtree(path)
            return True
        return False

    def drop_metadata(self) -> None:
        """What users put on package revisions that left git a month ago is forgotten."""
        before = int(self._clock() - METADATA_SECONDS)
        for namespace, name in self._cache.store.commit(lambda tx: tx.revisions.drop_vanished(before)):
            _log.info("forgot what users put on a package revision that is gone", namespace=namespace, name=name)

    def drop_verdicts(self) -> None:
        """Once a day; of trees that no package revision has had for a day."""
        now = self._clock()
        if now - self._verdicts_at >= DAY:
            self._verdicts_at = now
            self._cache.store.commit(lambda tx: tx.renders.drop_verdicts(int(now - DAY)))

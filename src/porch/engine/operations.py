"""Renders that take longer than a request may: told of while they run, outliving the request, and able to be stopped.

The thread of a request does not end with the request's patience: it commits and pushes when the functions are done. An
*operation* is what the client can know of it meanwhile. Its id is in the answer that came too early; how far it is
stands in the condition `Rendering` of the package revision; the annotation `porch.kpt.dev/cancel-render` stops it. An
operation that a dead server left behind is told as interrupted when the next one starts.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from porch.cache import Told, drop_condition, put_condition
from porch.errors import PorchError, TooManyRequests
from porch.observe import current
from porch.render import Progress
from porch.store import Operation, Store, StoredVersion, Transaction
from porch.types.packagerevision import PackageCondition
from porch.workers import Cancelled, Job

RENDERING = "Rendering"
"""The condition's type. It is the server's own: it is never written into a Kptfile."""
CANCEL_ANNOTATION = "porch.kpt.dev/cancel-render"
_LONG_SECONDS = 1.0
"""What takes no longer is not told of."""
_TELL_SECONDS = 0.5
_MOST, _MOST_TOLD = 64, 4096


class Running:
    """One render that runs now, for the package revision `name`. That of a dry run leaves nothing behind, so it is told
    of nowhere.
    """

    def __init__(self, store: Store, namespace: str, name: str, *, dry_run: bool = False) -> None:
        self.id = uuid.uuid4().hex[:16]
        self.namespace, self.name, self._dry_run = namespace, name, dry_run
        self.job = Job(self._hear)
        self._store = store
        self._began = self._told_at = time.monotonic()
        self._progress = Progress(0, 0)
        self._first: Told | None = None
        self._last: Told | None = None

    def sentence(self) -> str:
        """For a client whose patience has ended."""
        begin = (
            f'rendering package revision "{self.namespace}/{self.name}" goes on as operation {self.id} '
            f"({self._count()} done)"
        )
        if self._dry_run:
            return f"{begin}; nothing will come of it, as it is a dry run"
        return (
            f"{begin}; its condition {RENDERING} tells how far it is, and what was sent is stored when "
            f'it succeeds; to stop it, set the annotation {CANCEL_ANNOTATION} to "{self.id}"'
        )

    def followed(self, stored: StoredVersion) -> StoredVersion:
        """The object as it was when the render began, or as this operation alone has changed it since."""
        if self._first is None or self._last is None or self._first.before != stored.version:
            return stored
        return self._last.now

    def end(self, error: BaseException | None) -> None:
        """What it wrote to the object goes, or says why it failed. As a rule the revision was indexed anew by now."""
        if self._last is None:
            return
        with suppress(PorchError):
            if error is not None:
                reason = "Cancelled" if isinstance(error, Cancelled) else "Failed"
                text = error.message if isinstance(error, PorchError) else "the server failed"
                self._tell("False", reason, text[:_MOST_TOLD])
            self._store.commit(partial(self._end, succeeded=error is None))

    def _end(self, tx: Transaction, *, succeeded: bool) -> None:
        tx.renders.end(self.id)
        if succeeded:
            drop_condition(tx, self.namespace, self.name, RENDERING)

    def _count(self) -> str:
        return f"{self._progress.done} of {self._progress.total} functions"

    def _hear(self, progress: Progress) -> None:
        self._progress = progress
        now = time.monotonic()
        if not self._dry_run and now - self._began >= _LONG_SECONDS and now - self._told_at >= _TELL_SECONDS:
            self._told_at = now
            with suppress(PorchError):
                self._tell("True", "Running", f"{self._count()} done, now {progress.image}")

    def _tell(self, status: str, reason: str, text: str) -> None:
        """A revision that is only about to be created has nothing to tell it in."""
        message = f"operation {self.id}: {text}"
        condition = PackageCondition(type=RENDERING, status=status, reason=reason, message=message)

        def tell(tx: Transaction) -> Told | None:
            told = put_condition(tx, self.namespace, self.name, condition)
            if told is not None and self._last is None:
                tx.renders.begin(Operation(self.id, self.namespace, self.name))
            return told

        told = self._store.commit(tell)
        if told is not None:
            self._first = self._first or told
            unseen = self._last is not None and told.before != self._last.now.version
            self._last = Told(told.before, self._last.now) if unseen and self._last else told


@dataclass(slots=True)
class Operations:
    """Those of this server, by the package revision that they are for."""

    store: Store
    _running: dict[tuple[str, str], Running] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def run(self, namespace: str, name: str, *, dry_run: bool = False) -> Iterator[Running]:
        """While the block lasts. Raises TooManyRequests when very many run."""
        running, key = Running(self.store, namespace, name, dry_run=dry_run), (namespace, name)
        with self._lock:
            if len(self._running) >= _MOST:
                raise TooManyRequests("too many packages are being rendered", retry_after=5)
            self._running[key] = running
        record = current.get()
        if record is not None:
            record.goes_on = running.sentence
        try:
            yield running
        except BaseException as error:
            running.end(error)
            raise
        else:
            running.end(None)
        finally:
            if record is not None:
                record.goes_on = None
            with self._lock:
                self._running.pop(key, None)

    def cancel(self, namespace: str, name: str, wanted: str) -> str:
        """Stops the operation if it is the one that is wanted: its id, or `true` for whichever runs. Returns a
        sentence for the client.
        """
        with self._lock:
            running = self._running.get((namespace, name))
        if running is None or wanted not in {"true", running.id}:
            return f"{CANCEL_ANNOTATION}: no operation {wanted} is rendering this package revision"
        running.job.cancel()
        return f"{CANCEL_ANNOTATION}: operation {running.id} was told to stop"

    def tell_interrupted(self) -> None:
        """At start: what the last process left behind."""
        with self.store.read() as reads:
            left = reads.renders.operations()
        for operation in left:
            text = f"operation {operation.id}: the server ended meanwhile; send the change again"
            condition = PackageCondition(type=RENDERING, status="False", reason="Interrupted", message=text)
            self.store.commit(partial(_interrupt, operation=operation, condition=condition))


def _interrupt(tx: Transaction, *, operation: Operation, condition: PackageCondition) -> None:
    put_condition(tx, operation.namespace, operation.name, condition)
    tx.renders.end(operation.id)

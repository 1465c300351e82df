"""Events end: what was last told a while ago is deleted, so that they never outgrow what people read.

A controller that looks through all Events now and then. An Event that is counted on while it looks stays, for each is
deleted at the very version that was looked at.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from porch.cache import SYSTEM
from porch.controllers.follow import pages
from porch.errors import Conflict, NotFound, PorchError
from porch.objects import Call, DeleteOptions, ListOptions, ResourceStorage
from porch.store import StoredVersion
from porch.strategy.times import moment
from porch.types.core import Event

_log = structlog.get_logger("porch.controllers")
_MOST_PAUSE = 60.0


class EventRetention:
    """`events` is the storage of the core group's Events; each is kept `seconds` after it was last told."""

    def __init__(self, events: ResourceStorage, seconds: float) -> None:
        self._events, self._life = events, timedelta(seconds=seconds)
        self._pause = min(seconds / 10, _MOST_PAUSE)

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.sweep, datetime.now(UTC))
            except PorchError as error:
                _log.warning("old Events could not be deleted", reason=error.message)
            await asyncio.sleep(self._pause)

    def sweep(self, now: datetime) -> int:
        """Deletes what is old at `now`; says how many that were."""
        return sum(self._delete(item) for item in pages(self._events, ListOptions()) if self._is_old(item, now))

    def _is_old(self, item: StoredVersion, now: datetime) -> bool:
        return last_told(self._events.kind.decode(item.version, item.tail), now) < now - self._life

    def _delete(self, item: StoredVersion) -> bool:
        options = DeleteOptions(item.uid, str(item.version))
        try:
            self._events.delete(Call(SYSTEM), item.key.namespace, item.key.name, options)
        except (Conflict, NotFound):
            return False
        return True


def last_told(event: Event, now: datetime) -> datetime:
    """When the Event was told last. Clients set most of these times: one that is still to come does not count."""
    series = event.series.last_observed_time if event.series else None
    texts = (event.metadata.creation_timestamp, event.event_time, event.last_timestamp, series)
    times = [when for text in texts if (when := moment(text)) and when <= now]
    return max(times, default=now)

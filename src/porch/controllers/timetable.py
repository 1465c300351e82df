"""When a Repository is synchronised next. Pure.

By `spec.sync.schedule`, else at the server's interval, each a little later than that, by the Repository's own share: so
that many with one schedule do not come at once, and one always comes at the same time. A `runOnceAt` goes before all,
and until then nothing else is due.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from porch.errors import PorchError, ServiceUnavailable
from porch.strategy.schedule import Schedule, parse_schedule
from porch.types.repository import Repository

RETRY_SECONDS, RETRY_MOST_SECONDS = 30.0, 300.0
_SPREAD_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Timetable:
    """`interval` is in seconds, for Repositories without a schedule."""

    interval: float

    def next(self, obj: Repository, now: datetime) -> datetime:
        """After a synchronisation that is over now; not before now."""
        once = pending_once(obj)
        if once is not None:
            return max(once, now)
        schedule = _schedule(obj)
        due = schedule.after(now) if schedule is not None else None
        if schedule is None or due is None:
            return now + timedelta(seconds=self.interval * (1 + share(obj.metadata.uid) / 10))
        following = schedule.after(due)
        gap = (following - due).total_seconds() if following is not None else _SPREAD_SECONDS * 10
        return due + timedelta(seconds=share(obj.metadata.uid) * min(_SPREAD_SECONDS, gap / 10))

    def retry(self, obj: Repository | None, now: datetime, failures: int, error: PorchError) -> datetime:
        """After one that failed, for the n-th time in a row. A remote that does not answer is asked again soon, then
        ever later; what this server itself lacks, such as space on its disk, says how soon. A Repository that is not
        known cannot have a wish.
        """
        first = error.retry_after or (RETRY_SECONDS if isinstance(error, ServiceUnavailable) else RETRY_MOST_SECONDS)
        pause = first * 2.0 ** min(failures - 1, 10)
        pause = min(pause, RETRY_MOST_SECONDS, max(self.interval, RETRY_SECONDS))
        again = now + timedelta(seconds=pause * (1 + share(obj.metadata.uid if obj else "") / 10))
        once = pending_once(obj) if obj is not None else None
        return min(again, once) if once is not None and once > now else again


def share(uid: str) -> float:
    """Between 0 and 1, always the same for one Repository."""
    return zlib.crc32(uid.encode()) / 2**32


def pending_once(obj: Repository) -> datetime | None:
    """The one time that is asked for, unless that was done."""
    text = obj.spec.sync.run_once_at if obj.spec.sync is not None else None
    if not text or text == obj.status.observed_run_once_at:
        return None
    when = datetime.fromisoformat(text)
    return when.astimezone(UTC)


def _schedule(obj: Repository) -> Schedule | None:
    text = obj.spec.sync.schedule if obj.spec.sync is not None else ""
    try:
        return parse_schedule(text) if text else None
    except ValueError:  # stored by an older version, or a time zone that this machine does not know (any more)
        return None

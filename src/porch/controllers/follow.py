"""What controllers share: going on whatever happens, following a resource through the feed, and reading a list a page
at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import NoReturn

import structlog

from porch.cache import SYSTEM
from porch.objects import Call, ChangeFeed, ListOptions, ResourceStorage
from porch.store import Change, StoredVersion
from porch.types.meta import ObjectMeta

_log = structlog.get_logger("porch.controllers")
_AGAIN_SECONDS = 1.0
PAGE = 500
_WAIT_SECONDS = 60.0
_CHANGES = 1000


async def again_and_again(work: Callable[[], Awaitable[None]], told: str) -> NoReturn:
    """`work` begins with a look at everything, then follows; whatever ends it, which is `told`, it begins anew."""
    while True:
        try:
            await work()
        except* Exception as group:  # noqa: BLE001 - whatever it was, the care goes on
            _log.warning(told, reason=repr(group.exceptions[0]))
        await asyncio.sleep(_AGAIN_SECONDS)


async def follow(feed: ChangeFeed, resource: str, seen: int, note: Callable[[Change], None]) -> NoReturn:
    """Calls `note` for each change behind the version `seen`. Raises Expired when some were compacted away."""
    while True:
        await feed.wait(resource, seen, _WAIT_SECONDS)
        for change in feed.changes(resource, seen, _CHANGES):
            seen = change.current.version
            note(change)


def pages(storage: ResourceStorage, selection: ListOptions) -> Iterator[StoredVersion]:
    """All objects that `selection` selects, in one state. Raises Expired when that was compacted away meanwhile."""
    selection = replace(selection, limit=PAGE)
    while True:
        result = storage.list(Call(SYSTEM), selection)
        yield from result.page.items
        if not result.continue_token:
            return
        selection = replace(selection, continue_token=result.continue_token)


def metadata_of(storage: ResourceStorage, item: StoredVersion) -> ObjectMeta:
    meta: ObjectMeta = storage.kind.decode(item.version, item.tail).metadata
    return meta

"""What /livez and /readyz ask, under the names that operators of Kubernetes know.

`etcd` is the store, whichever it is. `informer-sync` says whether watches are told of what the store has. `shutdown`
fails as soon as the server is told to stop, before anything else ends.
"""

from __future__ import annotations

import asyncio

from porch.apiserver.health import Check, Health
from porch.objects import ChangeFeed
from porch.observe import logs
from porch.store import Store


def health(store: Store, feed: ChangeFeed, stopping: asyncio.Event) -> Health:
    live = {"log": logs.problem, "etcd": lambda: _unreadable(store)}
    ready: dict[str, Check] = {"informer-sync": FeedFollows(store, feed), "shutdown": lambda: _ending(stopping)}
    return Health(live, ready)


class FeedFollows:
    """Compares with what the check before this one saw: a commit of this moment may not have been told yet."""

    def __init__(self, store: Store, feed: ChangeFeed) -> None:
        self._store, self._feed = store, feed
        self._seen = 0

    def __call__(self) -> str:
        told, seen = self._feed.version(), self._seen
        self._seen = _version(self._store)
        return f"watches were told up to version {told} of {seen}" if told < seen else ""


def _unreadable(store: Store) -> str:
    _version(store)  # raises when it cannot be read
    return ""


def _version(store: Store) -> int:
    with store.read() as reads:
        return reads.versions.version()


def _ending(stopping: asyncio.Event) -> str:
    return "the server is shutting down" if stopping.is_set() else ""

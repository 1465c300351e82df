"""Starting: the first time, again, and beside all that is stored. Memory at rest."""

from __future__ import annotations

import time
from pathlib import Path

from bench.measure import Figure, percentile
from bench.server import API, Server
from bench.stored import Stored

_REST_SECONDS = 8.0
"""Behind a start, the synchronisations of all Repositories follow over five seconds."""


def starts(directory: Path) -> list[Figure]:
    """A first start makes certificates and the store; later ones only open them."""
    with Server(directory) as server:
        first = server.ready_after
        time.sleep(2)  # idle means that the start is over
        idle = server.memory()
    later = []
    for _ in range(5):
        with Server(directory) as server:
            later.append(server.ready_after)
    return [
        Figure("first start to ready", first * 1000, goal=2500),
        Figure("start to ready, p50", percentile(later, 0.5) * 1000, goal=1500, note="5 starts"),
        Figure("memory idle", idle, "MB", goal=120),
    ]


def full_starts(stored: Stored, count: int = 5) -> list[Figure]:
    """Until the first list is answered, and is right: it has a full page and knows how many follow."""
    indexed = stored.largest
    taken, resting = [], 0.0
    for number in range(count):
        started = time.perf_counter()
        with Server(indexed.directory) as server:
            page = server.client().request("GET", f"{API}/packagerevisions?limit=500")
            taken.append(time.perf_counter() - started)
            found = len(page["items"]) + page["metadata"].get("remainingItemCount", 0)
            assert found >= indexed.size.total, f"{found} package revisions of {indexed.size.total}"
            if number == count - 1:
                resting = _resting(server)
    total = indexed.size.total
    return [
        *indexed.figures,
        Figure(f"start to first correct list at {total}, p50", percentile(taken, 0.5), "s", goal=3),
        Figure(f"memory at {total}", resting, "MB", goal=300),
    ]


def _resting(server: Server) -> float:
    """After each Repository was synchronised and a whole list was read."""
    client = server.client()
    token = ""
    while True:
        page = client.request("GET", f"{API}/packagerevisions?limit=500&continue={token}")
        token = page["metadata"].get("continue", "")
        if not token:
            break
    time.sleep(_REST_SECONDS)
    return server.memory()

"""Data directories with 1 000, 10 000 and 100 000 package revisions, generated and indexed once per run."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from pathlib import Path

from bench.generate import Size, into_data_directory, repository_names
from bench.measure import Figure, percentile, sample
from bench.server import API, CONFIG, Client, Server, repository
from porch.store.sqlite import open_store

_DEADLINE = 3600.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Indexed:
    """A data directory whose server was stopped, and what its first indexing was like."""

    directory: Path
    size: Size
    figures: tuple[Figure, ...]


@dataclass
class Stored:
    """`sizes` are numbers of package revisions, ascending, each a multiple of 1 000."""

    root: Path
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        self.get = functools.cache(self._make)

    @property
    def largest(self) -> Indexed:
        return self.get(self.sizes[-1])

    def _make(self, revisions: int) -> Indexed:
        size = Size(repositories=revisions // 1000)
        directory = self.root / f"stored-{revisions}"
        directory.mkdir(parents=True)
        store = open_store(directory / "porch.db")
        started = time.perf_counter()
        into_data_directory(directory, store, size)
        store.close()
        generated = time.perf_counter() - started
        with Server(directory) as server:
            figures = _index(server, size)
        name = f"{size.total} package revisions in {size.repositories} repositories"
        return Indexed(directory, size, (Figure(f"generating {name}", generated, "s"), *figures))


def _index(server: Server, size: Size) -> tuple[Figure, ...]:
    client = server.client()
    started = time.perf_counter()
    for name in repository_names(size):
        client.request("POST", f"{CONFIG}/repositories", repository(name, f"hosted:///{name}"))
    reads: list[float] = []
    peak = 0.0
    while _ready(client) < size.repositories:
        reads += sample(lambda: client.raw("GET", f"{API}/packagerevisions?limit=10"), 5)
        peak = max(peak, server.memory())
        if time.perf_counter() - started > _DEADLINE:
            raise RuntimeError("the repositories are not indexed after an hour")
        time.sleep(_POLL_SECONDS)
    name = f"first indexing of {size.total}"
    return (
        Figure(name, time.perf_counter() - started, "s"),
        Figure(f"{name}, processor time of the server", server.cpu(), "s"),
        Figure(f"{name}, most memory", peak, "MB", goal=400),
        Figure(f"{name}, reads meanwhile, p50", percentile(reads or [0], 0.5) * 1000),
    )


def _ready(client: Client) -> int:
    items = client.request("GET", f"{CONFIG}/repositories")["items"]
    conditions = [condition for item in items for condition in item.get("status", {}).get("conditions", [])]
    return sum(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)

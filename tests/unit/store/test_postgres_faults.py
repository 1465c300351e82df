"""PostgreSQL going away in the middle of writes, and several processes on one database."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.contract.store.samples import changes, names, put, version
from tests.support.postgres import PostgresServer, database

from porch.errors import ServiceUnavailable
from porch.store import Change
from porch.store.postgres import open_store


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = PostgresServer(fsync=True)
    yield server
    server.remove()


@pytest.mark.parametrize("end", [PostgresServer.kill, PostgresServer.stop], ids=["killed", "stopped at once"])
def test_what_was_acknowledged_and_only_that_is_there_after_the_server_ends_and_starts(
    server: PostgresServer, end: Callable[[PostgresServer], None], tmp_path: Path
) -> None:
    store = open_store(database(server.directory, tmp_path))
    heard: list[Change] = []
    store.on_commit(heard.extend)
    done = threading.Event()
    progress = threading.Semaphore(0)

    def write_on(writer: int) -> tuple[set[str], dict[str, int | None]]:
        kept: set[str] = set()
        refused: dict[str, int | None] = {}
        number = 0
        while not done.is_set():
            number += 1
            name = f"w{writer}-{number}"
            try:
                put(store, name)
            except ServiceUnavailable as error:
                refused[name] = error.retry_after
            else:
                kept.add(name)
                progress.release()
        return kept, refused

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write_on, writer) for writer in range(4)]
        try:
            for _ in range(3):
                for _ in range(30):
                    assert progress.acquire(timeout=60)
                end(server)
                server.start()
            for _ in range(30):
                assert progress.acquire(timeout=60)
        finally:
            done.set()
    kept = {name for writer in writers for name in writer.result()[0]}
    refused = {name: after for writer in writers for name, after in writer.result()[1].items()}
    found = set(names(store))
    assert kept <= found
    assert not refused.keys() & found
    assert all(refused.values())
    assert [change.current.version for change in heard] == list(range(1, version(store) + 1))
    assert heard == list(changes(store, limit=1_000_000))
    store.close()


def _write_elsewhere(conninfo: str, count: int) -> None:
    store = open_store(conninfo)
    for number in range(count):
        put(store, f"there-{number}")
    store.close()


def test_processes_on_one_database_hear_each_other_in_one_order(server: PostgresServer, tmp_path: Path) -> None:
    conninfo = database(server.directory, tmp_path)
    store = open_store(conninfo)
    heard: list[Change] = []
    all_heard = threading.Event()

    def listen(made: Sequence[Change]) -> None:
        heard.extend(made)
        if len(heard) == 100:
            all_heard.set()

    store.on_commit(listen)
    process = multiprocessing.get_context("spawn").Process(target=_write_elsewhere, args=(conninfo, 50))
    process.start()
    for number in range(50):
        put(store, f"here-{number}")
    process.join()
    assert all_heard.wait(30)
    assert heard == list(changes(store))
    assert [change.current.version for change in heard] == list(range(1, 101))
    store.close()

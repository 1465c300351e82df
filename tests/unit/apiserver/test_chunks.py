"""Chunks of event lines that watches share: bounded in bytes, and made once for all who want one meanwhile."""

from __future__ import annotations

import asyncio
import threading

from porch.apiserver.watch import Chunk, Chunks
from porch.errors import Expired

MB = 1024 * 1024


def chunk(size: int) -> Chunk:
    return Chunk(bytes(size), 1, more=False)


def test_many_large_chunks_are_not_kept_together() -> None:
    chunks = Chunks()
    for number in range(10):
        chunks.put(number, chunk(3 * MB))
    assert [number for number in range(10) if chunks.get(number)] == [8, 9]


def test_the_newest_chunk_is_kept_whatever_its_size() -> None:
    chunks = Chunks()
    chunks.put("small", chunk(1))
    chunks.put("huge", chunk(20 * MB))
    assert (chunks.get("small"), chunks.get("huge") is None) == (None, False)


def test_what_is_costly_is_made_once_for_all_who_want_it_meanwhile() -> None:
    chunks, release, made = Chunks(), threading.Event(), []

    async def several() -> list[Chunk]:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def make() -> Chunk:
            made.append(threading.current_thread())
            loop.call_soon_threadsafe(begun.set)
            assert release.wait(20)
            return chunk(3)

        wanted = [asyncio.create_task(chunks.made("key", make)) for _ in range(5)]
        await begun.wait()
        wanted[0].cancel()
        release.set()
        return await asyncio.gather(*wanted[1:])

    results = asyncio.run(several())
    assert len(made) == 1
    assert made[0] is not threading.main_thread()
    assert all(result is chunks.get("key") for result in results)


def test_what_fails_is_told_to_all_and_tried_again() -> None:
    chunks = Chunks()

    def fail() -> Chunk:
        raise Expired("too old")

    async def several() -> Chunk:
        failed = await asyncio.gather(*(chunks.made("key", fail) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(error, Expired) for error in failed)
        return await chunks.made("key", lambda: chunk(1))

    assert asyncio.run(several()).lines == b"\0"

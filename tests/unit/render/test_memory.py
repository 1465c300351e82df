"""What a worker remembers: bounded, and never wrong."""

import os
from pathlib import Path

import pytest

from porch.render import DirectoryCache, MemoryCache, StepCache
from porch.render.memory import content_key
from tests.unit.render.programs import Programs, kptfile, mark, rendered, thing


@pytest.fixture(params=["memory", "directory"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> StepCache:
    return MemoryCache(4000) if request.param == "memory" else DirectoryCache(tmp_path / "cache", 4000)


def test_what_is_put_can_be_got(cache: StepCache) -> None:
    assert cache.get("a") is None
    cache.put("a", b"x")
    cache.put("a", b"y")
    assert cache.get("a") == b"y"


def test_the_oldest_go_when_there_are_too_many(cache: StepCache) -> None:
    for name in ("a", "b", "c", "d"):
        cache.put(name, name.encode() * 900)
    cache.get("a")
    _pass_time(cache)
    for name in ("e", "f"):
        cache.put(name, name.encode() * 900)
    kept = [name for name in "abcdef" if cache.get(name)]
    assert "f" in kept
    assert len(kept) <= 4


def _pass_time(cache: StepCache) -> None:
    """Files of one moment have no order."""
    if isinstance(cache, DirectoryCache):
        for entry in os.scandir(cache._directory):
            os.utime(entry.path, (1, 1))


def test_what_would_fill_most_of_it_is_not_kept() -> None:
    cache = MemoryCache(4000)
    cache.put("a", b"x")
    cache.put("b", b"x" * 2000)
    assert (cache.get("a"), cache.get("b")) == (b"x", None)


def test_a_torn_file_is_not_known(tmp_path: Path) -> None:
    cache = DirectoryCache(tmp_path, 4000)
    cache.put("a", b"words")
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:-1])
    (tmp_path / "b").write_bytes(b"")
    assert (cache.get("a"), cache.get("b")) == (None, None)


def test_a_directory_that_is_gone_is_no_error(tmp_path: Path) -> None:
    cache = DirectoryCache(tmp_path / "cache", 4000)
    (tmp_path / "cache").rmdir()
    cache.put("a", b"x")
    assert cache.get("a") is None


def test_another_process_need_not_call_the_function_again(tmp_path: Path) -> None:
    files = {"Kptfile": kptfile("mark"), "a.yaml": thing("a")}
    programs = Programs(mark=mark)
    first = rendered(programs, files, cache=DirectoryCache(tmp_path, 1 << 20))
    second = rendered(programs, files, cache=DirectoryCache(tmp_path, 1 << 20))
    assert programs.calls == ["mark"]
    assert second.files == first.files


def test_keys_tell_where_a_part_ends() -> None:
    assert content_key(b"ab", b"c") != content_key(b"a", b"bc")

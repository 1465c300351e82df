"""One ref among many: found by halving `packed-refs`, whatever the names, peeled ids and ages of the file are."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porch.repository.git.mirror import Mirror
from porch.repository.git.refs import all_refs, clashing_ref, clear_stale_locks, delete_locked, lock, read_ref
from tests.unit.repository.conftest import add_commit

SORTED = b"# pack-refs with: peeled fully-peeled sorted \n"
_segments = st.text("ab-.0/z\u00e9", min_size=1, max_size=4).filter(lambda text: "//" not in text and "/." not in text)
_names = st.sets(_segments.map(lambda text: f"refs/tags/x{text.strip('/')}"), min_size=0, max_size=40)


def _packed(names: set[str], *, header: bytes = SORTED, end: bytes = b"\n") -> bytes:
    lines = []
    for number, name in enumerate(sorted(names, key=str.encode)):
        lines.append(b"%040x %s" % (number + 1, name.encode()))
        if number % 3 == 0:
            lines.append(b"^%040x" % (number + 1000))
    return header + b"\n".join(lines) + (end if lines else b"")


def _expected(names: set[str]) -> dict[str, str]:
    return {name: f"{number + 1:040x}" for number, name in enumerate(sorted(names, key=str.encode))}


@given(_names, _segments)
def test_each_ref_is_found_and_no_other(names: set[str], other: str) -> None:
    with tempfile.TemporaryDirectory() as path:
        Path(path, "packed-refs").write_bytes(_packed(names))
        for name, target in _expected(names).items():
            assert read_ref(path, name) == target
        absent = f"refs/tags/{other}!"
        assert read_ref(path, absent) is None


@given(_names, _segments)
def test_a_clash_is_found_above_and_below(names: set[str], other: str) -> None:
    name = f"refs/tags/x{other.strip('/')}"
    clashes = {item for item in names if item.startswith(f"{name}/") or name.startswith(f"{item}/")}
    with tempfile.TemporaryDirectory() as path:
        Path(path, "packed-refs").write_bytes(_packed(names))
        found = clashing_ref(path, name)
    assert found in clashes if clashes else found is None


@given(_names.filter(bool), st.data())
def test_a_deleted_ref_takes_its_own_lines_along(names: set[str], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(sorted(names)))
    with tempfile.TemporaryDirectory() as path:
        Path(path, "refs").mkdir()
        Path(path, "packed-refs").write_bytes(_packed(names))
        os.close(lock(path, gone))
        delete_locked(path, gone)
        kept = _expected(names)
        del kept[gone]
        assert all_refs(path) == kept
        peeled = Path(path, "packed-refs").read_bytes().count(b"^")
        assert peeled == sum(int(target, 16) % 3 == 1 for target in kept.values())


@pytest.mark.parametrize("header", [b"", b"# pack-refs with: peeled \n"], ids=["no header", "not said to be sorted"])
def test_a_file_of_an_old_git_is_read_from_end_to_end(tmp_path: Path, header: bytes) -> None:
    lines = [b"%040x refs/tags/%s" % (number, name) for number, name in enumerate((b"z", b"a", b"m"), 1)]
    Path(tmp_path, "packed-refs").write_bytes(header + b"\n".join([*lines, b""]))
    assert [read_ref(str(tmp_path), f"refs/tags/{name}") for name in "zam"] == [f"{n:040x}" for n in (1, 2, 3)]
    assert read_ref(str(tmp_path), "refs/tags/b") is None


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_file_that_is_cut_off_ends_the_search(tmp_path: Path, cut: int) -> None:
    names = {f"refs/tags/p{number:02}" for number in range(30)}
    Path(tmp_path, "packed-refs").write_bytes(_packed(names)[:-cut])
    assert read_ref(str(tmp_path), "refs/tags/p03") == f"{4:040x}"
    assert read_ref(str(tmp_path), "refs/tags/p99") is None


def test_an_edit_is_a_fast_forward_without_a_walk(mirror: Mirror) -> None:
    first = add_commit(mirror, b"one")
    second = add_commit(mirror, b"two", first)
    assert mirror.descends(second, first)
    assert mirror.descends(add_commit(mirror, b"three", second), first)
    assert not mirror.descends(first, second)
    assert not mirror.descends("0" * 40, first)


def test_locks_are_looked_for_while_directories_come_and_go(tmp_path: Path) -> None:
    folders = [tmp_path / "refs" / "heads" / "proposed" / f"p{number}" for number in range(200)]
    stop = threading.Event()

    def come_and_go() -> None:
        while not stop.is_set():
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            for folder in folders:
                folder.rmdir()

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(60):
            clear_stale_locks(str(tmp_path))
    finally:
        stop.set()
        thread.join()

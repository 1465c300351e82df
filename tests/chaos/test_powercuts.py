"""A few power cuts; `make chaos` has more, with `ARGS="--power-cuts 500"`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.disk import Disk
from tests.chaos.powercuts import PowerCuts

SEED = 14


def test_what_was_acknowledged_is_there_after_power_cuts(tmp_path: Path) -> None:
    cuts = PowerCuts(tmp_path, SEED)
    cuts.run(writes=8)
    cuts.cut(6)


def _written(disk: Disk, *calls: str) -> None:
    """What a process does on the disk."""
    disk.run(f"import os; os.chdir({str(disk.directory)!r}); {'; '.join(calls)}")


_WRITE = "a = os.open('a', os.O_CREAT | os.O_WRONLY); os.write(a, b'x' * 700)"
_SYNC, _SYNC_NAMES = "os.fsync(a)", "os.fsync(os.open('.', os.O_RDONLY))"


@pytest.mark.parametrize(
    ("calls", "left"),
    [
        ([_WRITE], {}),
        ([_WRITE, _SYNC], {}),
        ([_WRITE, _SYNC_NAMES], {"a": b""}),
        ([_WRITE, _SYNC, _SYNC_NAMES], {"a": b"x" * 700}),
        ([_WRITE, _SYNC, _SYNC_NAMES, "os.pwrite(a, b'y', 0)"], {"a": b"x" * 700}),
        ([_WRITE, _SYNC, _SYNC_NAMES, "os.rename('a', 'b')"], {"a": b"x" * 700}),
        ([_WRITE, _SYNC, _SYNC_NAMES, "os.rename('a', 'b')", _SYNC_NAMES], {"b": b"x" * 700}),
        ([_WRITE, _SYNC, _SYNC_NAMES, "os.ftruncate(a, 1)", "os.unlink('a')"], {"a": b"x" * 700}),
        (["os.mkdir('d')", "os.close(os.open('d/a', os.O_CREAT))", "os.fsync(os.open('d', os.O_RDONLY))"], {}),
    ],
)
def test_a_disk_keeps_what_was_synced_and_nothing_else(
    tmp_path: Path, calls: list[str], left: dict[str, bytes]
) -> None:
    disk = Disk(tmp_path / "disk")
    _written(disk, *calls)
    at = disk.at_first()
    at.go_on(disk.moment)
    assert at.differences(disk.directory) == []
    at.leave(lambda _: False, tmp_path / "after")
    assert {path.name: path.read_bytes() for path in (tmp_path / "after").iterdir()} == left


def test_a_disk_may_keep_some_sectors_of_a_write(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "disk")
    _written(disk, _WRITE, _SYNC_NAMES)
    at = disk.at_first()
    at.go_on(disk.moment)
    answers = iter([False, True])
    at.leave(lambda _: next(answers), tmp_path / "after")
    assert (tmp_path / "after" / "a").read_bytes() == bytes(512) + b"x" * 188

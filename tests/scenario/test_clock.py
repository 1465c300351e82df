"""The clock jumps while the server works: timestamps follow it, and nothing else does."""

from __future__ import annotations

import struct
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, REVISIONS, Api, Porch, register, revision, synchronise
from tests.support.githttp import git

DAY = timedelta(days=1)


class Clock:
    """The server's; `move` sets how far it is off."""

    def __init__(self, directory: Path) -> None:
        self._file, self._library = directory / "clock", directory / "clock.so"
        source = Path(__file__).with_name("clock.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", self._library, source, "-ldl"], check=True)
        self._file.write_bytes(struct.pack("q", 0))

    def move(self, off: timedelta) -> None:
        with self._file.open("r+b") as file:
            file.write(struct.pack("q", int(off.total_seconds())))

    def launch(self, server: Porch) -> Api:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LD_PRELOAD", str(self._library))
            patch.setenv("TEST_CLOCK", str(self._file))
            return server.launch()


def test_order_and_watches_do_not_depend_on_the_clock(make: Make, tmp_path: Path) -> None:
    """It goes three weeks ahead, back, and before its start; a connection and a watch last all the time."""
    server, clock = make(), Clock(tmp_path)
    api = clock.launch(server)
    register(api, "work", "hosted:///work")
    before = api.do("GET", REVISIONS)["metadata"]["resourceVersion"]
    born: list[datetime] = []
    versions = [int(before)]
    with api.watch(since=before) as watch:
        for number, off in enumerate((0 * DAY, 21 * DAY, 0 * DAY, -DAY / 300, 2 * DAY)):
            clock.move(off)
            name = f"work.web{number}.v1"
            made = api.do("POST", REVISIONS, revision("work", f"web{number}"))
            born.append(datetime.fromisoformat(made["metadata"]["creationTimestamp"]) - off)
            assert api.patch(f"{RESOURCES}/{name}", {"spec": {"resources": {"a.txt": "a"}}}).code == 200
            synchronise(api, "work")
            for kind in ("ADDED", "MODIFIED"):
                seen, obj = watch.of(name)
                assert seen == kind
                versions.append(int(obj["metadata"]["resourceVersion"]))
    assert versions == sorted(set(versions))
    assert max(born) - min(born) < timedelta(minutes=5)
    names = api.names()
    server.end()
    clock.move(-DAY / 300)
    assert clock.launch(server).names() == names
    git("fsck", "--full", "--strict", cwd=server.hosted("default", "work"))

"""The system has no more to give: disk, open files, memory. Requests are 503 with the cause, and work again after."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Lost, register, revision
from tests.support.githttp import git

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.mark.parametrize(
    "point", ["planned:1", "intent-recorded:1", "ref-moved:2", "pushed:1", "committing:40", "indexed:1"]
)
def test_a_full_disk_is_503_nothing_is_half_done_and_all_works_after(make: Make, point: str) -> None:
    server = make()
    api = server.launch(fault=f"{point}:full")
    register(api, "work", "hosted:///work")
    codes: list[int] = []
    while 503 not in codes:
        name = f"web{len(codes)}"
        answer = api.send("POST", REVISIONS, revision("work", name, labels={"n": name}))
        codes.append(answer.code)
    assert set(codes) <= {201, 503}
    assert "full" in answer.message or "cannot grow" in answer.message or "failed" in answer.message
    again = api.send("POST", REVISIONS, revision("work", name, labels={"n": name}))
    assert again.code in {201, 409}
    path = f"{REVISIONS}/work.{name}.v1"
    assert api.do("GET", path)["metadata"]["labels"] == {"n": name}
    assert api.patch(f"{RESOURCES}/work.{name}.v1", {"spec": {"resources": {"a.txt": "a"}}}).code == 200
    assert api.do("DELETE", path)
    before = api.names()
    assert server.again().names() == before
    git("fsck", "--full", "--strict", cwd=server.hosted("default", "work"))


@contextmanager
def limited(process: int, kind: int, most: int) -> Iterator[None]:
    soft, hard = resource.prlimit(process, kind)
    resource.prlimit(process, kind, (most, hard))
    try:
        yield
    finally:
        resource.prlimit(process, kind, (soft, hard))


def attempts(api: Api, path: str = MAPS) -> list[Answer]:
    """Reads and writes of several clients; connections that nobody could take are left out."""

    def one(number: int) -> list[Answer]:
        try:
            return [
                api.send("GET", path),
                api.send("POST", MAPS, {"metadata": {"generateName": "m-"}, "data": {"n": str(number)}}),
                api.send("POST", REVISIONS, revision("work", f"try{number}")),
                api.patch(f"{RESOURCES}/work.web.v1", {"spec": {"resources": {"n.txt": f"{number}\n"}}}),
                api.send("GET", f"{RESOURCES}/work.web.v1"),
            ]
        except Lost:
            return []

    with ThreadPoolExecutor(4) as pool:
        return [answer for answers in pool.map(one, range(12)) for answer in answers]


def test_open_files_run_out_and_come_back(make: Make) -> None:
    server = make()
    api = server.launch()
    register(api, "work", "hosted:///work")
    api.do("POST", REVISIONS, revision("work", "web"))
    attempts(api, REVISIONS)  # so that the clients are connected
    number = server.process.pid
    for spare in (0, 2, 5):
        opened = len(list(Path(f"/proc/{number}/fd").iterdir()))
        with limited(number, resource.RLIMIT_NOFILE, opened + spare):
            answers = [api.send("GET", REVISIONS), *attempts(api)]
        wrong = [answer.text for answer in answers if answer.code >= 500 and answer.code != 503]
        assert not wrong, wrong[0]
    assert api.do("POST", MAPS, {"metadata": {"name": "after"}})
    assert api.do("POST", REVISIONS, revision("work", "after"))
    before = api.names()
    assert server.again().names() == before
    git("fsck", "--full", "--strict", cwd=server.hosted("default", "work"))


@pytest.mark.parametrize("spare", [10_000_000, 30_000_000, 90_000_000])
def test_memory_runs_out_and_comes_back(make: Make, spare: int) -> None:
    """Of what is too big for it nothing is kept. Should a library in C end the process, all that was acknowledged is
    there after a restart.
    """
    server = make("--max-package-bytes", "33554432")
    api = server.launch()
    register(api, "work", "hosted:///work")
    api.do("POST", REVISIONS, revision("work", "web"))
    number = server.process.pid
    pages = int(Path(f"/proc/{number}/statm").read_text().split()[0])
    answers: list[Answer] = []
    most = pages * resource.getpagesize() + spare
    with suppress(ProcessLookupError), limited(number, resource.RLIMIT_AS, most), ThreadPoolExecutor(3) as pool:
        for found in pool.map(lambda client: _big_ones(api, client), range(3)):
            answers += found
    assert {answer.code for answer in answers} <= {200, 201, 503}, answers
    assert all(answer.reason == "ServiceUnavailable" for answer in answers if answer.code == 503)
    assert all(answer.json["details"]["retryAfterSeconds"] for answer in answers if answer.code == 503)
    if server.process.poll() is None:
        assert api.patch(f"{RESOURCES}/work.web.v1", {"spec": {"resources": {"after.txt": "a"}}}).code == 200
    _is_kept(server.again(), answers)
    git("fsck", "--full", "--strict", cwd=server.hosted("default", "work"))


def _big_ones(api: Api, client: int) -> list[Answer]:
    """What takes much memory, and a small write after each, as long as the server answers."""
    answers: list[Answer] = []
    big = {"spec": {"resources": {f"big{client}.txt": "x" * 20_000_000}}}
    for number in range(2):
        with suppress(Lost):
            answers.append(api.patch(f"{RESOURCES}/work.web.v1", big))
            small = {"metadata": {"name": f"m{client}-{number}"}, "data": {"n": "m"}}
            answers.append(api.send("POST", MAPS, small))
    return answers


def _is_kept(api: Api, answers: list[Answer]) -> None:
    """All that was acknowledged."""
    good = [answer.json for answer in answers if answer.code < 300]
    assert {obj["metadata"]["name"] for obj in good if obj["kind"] == "ConfigMap"} <= set(api.names(MAPS))
    files = api.do("GET", f"{RESOURCES}/work.web.v1")["spec"]["resources"]
    saved = [obj["spec"]["resources"] for obj in good if obj["kind"] == "PackageRevisionResources"]
    assert {name for before in saved for name in before} <= files.keys()
    assert all(len(text) == 20_000_000 for name, text in files.items() if name.startswith("big"))
    assert api.patch(f"{RESOURCES}/work.web.v1", {"spec": {"resources": {"a.txt": "a"}}}).code == 200

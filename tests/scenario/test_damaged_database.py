"""The database file is damaged, cut off, or wanted by two: nothing is answered wrong, and it can be rebuilt."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import (
    REPOSITORIES,
    RESOURCES,
    REVISIONS,
    SECRETS,
    Api,
    Json,
    Porch,
    register,
    revision,
    synchronise,
)
from tests.scenario.test_dropped_index import dump
from tests.support.githttp import GitHttp
from tests.support.server import porch, run

PAGE = 4096
MAPS = "/api/v1/namespaces/default/configmaps"
META: dict[str, Json] = {"labels": {"team": "core"}, "finalizers": ["example.com/keep"]}


def filled(server: Porch, remote: GitHttp) -> Api:
    api = server.launch()
    register(api, "here", "hosted:///here")
    register(api, "there", remote.create("there"))
    for where in ("here", "there"):
        api.do("POST", REVISIONS, revision(where, "web", **META))
    for number in range(60):
        api.do("POST", MAPS, {"metadata": {"name": f"m{number}"}, "data": {"text": "x" * 1500}})
    return api


def overwrite(database: Path, table: str, page: str = "all") -> None:
    """Garbage on the pages of a table: all of it, or one in its middle."""
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        statement = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'"
        try:
            pages = [number for (number,) in db.execute(statement, (table,))]
        except sqlite3.OperationalError:  # SQLite without dbstat
            pages = [root for (root,) in db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))]
    with database.open("r+b") as file:
        for number in pages if page == "all" else pages[len(pages) // 2 :][:1]:
            file.seek((number - 1) * PAGE)
            file.write(b"\xff" * PAGE)


def test_a_damaged_index_is_rebuilt_and_user_metadata_stay(make: Make, remote: GitHttp) -> None:
    server = make()
    api = filled(server, remote)
    before, versions = dump(api)
    maps = api.names(MAPS)
    old = str(max(versions))
    server.end()
    for table in ("revisions", "refs", "postings", "counts"):
        overwrite(server.data / "porch.db", table)
    said = server.offline("index", "rebuild")
    assert "lost" not in said
    assert list(server.data.glob("porch.db.damaged-*"))
    api = server.launch()
    for name in ("here", "there"):
        synchronise(api, name)
    after, grown = dump(api)
    assert after == before
    assert min(grown) > max(versions)
    assert api.names(MAPS) == maps
    with api.watch(since=old) as watch:
        assert watch.code == 410 or watch.next()[1]["code"] == 410


def test_a_damaged_state_costs_what_was_on_the_page(make: Make, remote: GitHttp) -> None:
    server = make()
    api = filled(server, remote)
    maps = set(api.names(MAPS))
    server.end()
    overwrite(server.data / "porch.db", "versions", "one")
    said = server.offline("index", "rebuild")
    lost = {line.rpartition("/")[2] for line in said.splitlines() if "configmaps/default" in line}
    api = server.launch()
    kept = set(api.names(MAPS))
    assert kept == maps - lost
    assert len(lost) < 10
    for name in ("here", "there"):
        synchronise(api, name)
        assert api.do("GET", f"{REVISIONS}/{name}.web.v1")["metadata"]["labels"] == META["labels"]


def test_a_server_does_not_start_on_damage_and_names_the_remedy(make: Make, remote: GitHttp) -> None:
    server = make()
    filled(server, remote)
    server.end()
    for table in ("versions", "versions_current", "revisions", "user_metadata"):
        overwrite(server.data / "porch.db", table)
    done = run(porch("up", "--port", "0", "--data-dir", str(server.data), "--log-file", str(server.log)))
    assert done.code == 1
    assert "porch index rebuild" in done.err
    assert done.err.count("\n") == 1


def test_garbled_rows_are_unavailable_with_the_remedy(make: Make, remote: GitHttp) -> None:
    server = make()
    api = filled(server, remote)
    server.end()
    with closing(sqlite3.connect(server.data / "porch.db")) as db, db:
        db.execute("UPDATE versions SET labels = '{' WHERE name = 'm5'")
        db.execute("UPDATE versions SET tail = '\"no' WHERE name = 'm6'")
        db.execute("UPDATE user_metadata SET metadata = x'00'")
    api = server.launch()
    answers = [
        api.send("GET", f"{MAPS}/m5"),
        api.send("GET", MAPS),
        api.patch(f"{MAPS}/m6", {"data": {"a": "b"}}),
        api.send("GET", f"{MAPS}?labelSelector=a"),
        api.patch(f"{REVISIONS}/here.web.v1", {"spec": {"readinessGates": [{"conditionType": "a"}]}}),
        api.patch(f"{RESOURCES}/here.web.v1", {"spec": {"resources": {"a.txt": "a"}}}),
    ]
    assert not [answer.text for answer in answers if answer.code >= 500 and answer.code != 503]
    assert answers[0].code == 503
    assert "porch index rebuild" in answers[0].message
    server.end()
    assert "lost: versions: configmaps/default/m5" in server.offline("index", "rebuild")
    assert "m5" not in server.launch().names(MAPS)


def test_a_log_that_was_cut_off_is_noticed_and_no_number_comes_twice(make: Make, remote: GitHttp) -> None:
    """As by a disk that forgot the end of the file: clients hold resourceVersions that the server knows no more."""
    server = make()
    api = filled(server, remote)
    log = server.data / "porch.db-wal"
    frames = (log.stat().st_size - 32) // (PAGE + 24)
    api.do("POST", SECRETS, {"metadata": {"name": "last"}})
    old = api.do("GET", SECRETS)["metadata"]["resourceVersion"]
    server.end()
    os.truncate(log, 32 + (frames - frames // 4) * (PAGE + 24) + 100)
    api = server.launch()
    for name in ("here", "there"):
        if api.send("GET", f"{REPOSITORIES}/{name}").code == 200:
            synchronise(api, name)
    now = api.do("GET", SECRETS)["metadata"]["resourceVersion"]
    assert int(now) > int(old)
    with api.watch(SECRETS, since=old) as watch:
        assert watch.code == 410 or watch.next()[1]["code"] == 410
    assert api.names() == ["here.web.v1", "there.web.v1"]
    assert api.send("POST", REVISIONS, revision("here", "after")).code == 201


def test_an_older_copy_of_the_database_is_noticed(make: Make, remote: GitHttp, tmp_path: Path) -> None:
    server = make()
    filled(server, remote)
    server.end()
    shutil.copytree(server.data, tmp_path / "older")
    api = server.launch()
    api.do("POST", REVISIONS, revision("here", "later"))
    old = api.do("GET", REVISIONS)["metadata"]["resourceVersion"]
    server.end()
    for file in server.data.glob("porch.db*"):
        if file.name != "porch.db-version":
            file.unlink()
    for file in (tmp_path / "older").glob("porch.db*"):
        if file.name != "porch.db-version":
            shutil.copy(file, server.data)
    api = server.launch()
    synchronise(api, "here")
    assert "here.later.v1" in api.names()
    with api.watch(since=old) as watch:
        assert watch.code == 410 or watch.next()[1]["code"] == 410


@pytest.mark.parametrize("command", [("up", "--port", "0"), ("index", "drop"), ("index", "rebuild")])
def test_a_directory_is_one_process_s_at_a_time(make: Make, command: tuple[str, ...]) -> None:
    server = make()
    api = server.launch()
    done = run(porch(*command, "--data-dir", str(server.data)))
    assert done.code == 1
    assert f"is in use by another server (process {server.process.pid})" in done.err
    assert api.names() == []

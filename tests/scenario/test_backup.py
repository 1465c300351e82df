"""The data directory is lost; a backup that was taken while clients wrote brings everything back that it promised."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
    Lost,
    Porch,
    register,
    revision,
    synchronise,
)
from tests.scenario.test_dropped_index import dump
from tests.support.githttp import GitHttp, git
from tests.support.server import porch, run

FINALIZER: dict[str, Json] = {"finalizers": ["example.com/keep"]}


def port_of(server: Porch) -> str:
    return server.url.rpartition(":")[2]


@contextmanager
def writing(api: Api, count: int = 3) -> Iterator[list[str]]:
    """Clients that create, save and delete until the block ends; the names of what they made and left."""
    end, left = threading.Event(), list[str]()
    errors: list[BaseException] = []

    def work(client: int) -> None:
        number = 0
        try:
            while not end.is_set():
                package = f"busy{client}-{number}"
                name = f"{REVISIONS}/work.{package}.v1"
                api.do("POST", REVISIONS, revision("work", package, labels={"client": str(client)}))
                files = {"spec": {"resources": {"more.txt": "more\n"}}}
                assert api.patch(f"{RESOURCES}/work.{package}.v1", files).code == 200
                if number % 2:
                    api.do("DELETE", name)
                else:
                    left.append(f"work.{package}.v1")
                number += 1
        except BaseException as error:  # noqa: BLE001 - the test fails with it
            errors.append(error)

    threads = [threading.Thread(target=work, args=(client,)) for client in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield left
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert not errors, errors


def back_up(server: Porch, dest: Path) -> None:
    server.porch("backup", str(dest), "--data-dir", str(server.data))


def restored(server: Porch, source: Path) -> Api:
    """The server's directory is gone; it is restored and started with the same address."""
    port = port_of(server)
    server.end()
    shutil.rmtree(server.data)
    server.porch("restore", str(source), "--data-dir", str(server.data))
    server._options = ("--port", port)
    return server.launch()


def test_everything_that_was_acknowledged_before_the_backup_comes_back(make: Make, tmp_path: Path) -> None:
    server = make()
    api = server.launch()
    register(api, "work", "hosted:///work")
    api.do("POST", SECRETS, {"metadata": {"name": "s"}, "stringData": {"password": "p"}})
    api.do("POST", REVISIONS, revision("work", "gone", **FINALIZER, labels={"old": "one"}))
    api.do("POST", REVISIONS, revision("work", "web", **FINALIZER, labels={"team": "core"}))
    api.do("POST", REVISIONS, revision("work", "deleted"))
    api.do("DELETE", f"{REVISIONS}/work.deleted.v1")
    kubeconfig = tmp_path / "kubeconfig"
    shutil.copy(server.kubeconfig, kubeconfig)
    dest = tmp_path / "backup.tar"
    with writing(api) as left:
        early = list(left)
        before, versions = dump(api)
        back_up(server, dest)
        old = api.do("GET", REVISIONS)["metadata"]["resourceVersion"]
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    api = restored(server, dest)
    now = {item["metadata"]["name"]: item for item in dump(api)[0] if item["kind"] == "PackageRevision"}
    busy = {name for name in now if ".busy" in name}
    assert set(early) <= busy
    for item in before:
        if item["kind"] == "PackageRevision" and ".busy" not in item["metadata"]["name"]:
            assert now[item["metadata"]["name"]] == item
    assert "work.deleted.v1" not in now
    assert api.do("GET", f"{SECRETS}/s")["data"] == {"password": "cA=="}
    git("fsck", "--full", "--strict", cwd=server.hosted("default", "work"))
    for name in busy:
        assert now[name]["metadata"]["labels"], "content without what its user put on it"
    listed = api.do("GET", REVISIONS)["metadata"]["resourceVersion"]
    assert int(listed) > max(*versions, int(old))
    with api.watch(since=old) as watch:
        assert watch.code == 410 or watch.next()[1]["code"] == 410
    server.kubectl("get", "packagerevisions", environment={"KUBECONFIG": str(kubeconfig)})
    api.do("POST", REVISIONS, revision("work", "after"))
    assert server.again().names() == sorted([*now, "work.after.v1"])


def test_what_was_deleted_stays_deleted_and_leaves_nothing_to_its_successor(
    make: Make, remote: GitHttp, tmp_path: Path
) -> None:
    """After the backup a remote revision is deleted, and made again by a git user: it is another one."""
    server = make()
    api = server.launch()
    register(api, "there", remote.create("there"))
    for package in ("web", "kept"):
        api.do("POST", REVISIONS, revision("there", package, labels={"old": "one"}, **FINALIZER))
    back_up(server, tmp_path / "backup.tar")
    assert api.patch(f"{REVISIONS}/there.web.v1", {"metadata": {"finalizers": []}}).code == 200
    api.do("DELETE", f"{REVISIONS}/there.web.v1")
    api = restored(server, tmp_path / "backup.tar")
    synchronise(api, "there")
    assert api.names() == ["there.kept.v1"]
    assert api.do("GET", f"{REVISIONS}/there.kept.v1")["metadata"]["labels"] == {"old": "one"}
    truth = remote.path("there")
    git("update-ref", "refs/heads/drafts/web/v1", "refs/heads/drafts/kept/v1", cwd=truth)
    synchronise(api, "there")
    metadata = api.do("GET", f"{REVISIONS}/there.web.v1")["metadata"] if "there.web.v1" in api.names() else {}
    assert "labels" not in metadata
    assert "finalizers" not in metadata


def test_a_backup_of_a_stopped_server_has_its_interrupted_writes(make: Make, tmp_path: Path) -> None:
    """It was killed between two moves of refs: the restored one finishes what its intent says."""
    server = make()
    api = server.launch(fault="pushed")
    register(api, "work", "hosted:///work")
    with pytest.raises(Lost):
        api.do("POST", REVISIONS, revision("work", "web", labels={"a": "b"}))
    assert server.died() == signal.SIGKILL
    server.porch("backup", str(tmp_path / "backup.tar"), "--data-dir", str(server.data))
    shutil.rmtree(server.data)
    server.porch("restore", str(tmp_path / "backup.tar"), "--data-dir", str(server.data))
    api = server.launch()
    assert api.do("GET", f"{REVISIONS}/work.web.v1")["metadata"]["labels"] == {"a": "b"}


@pytest.mark.parametrize("point", ["backup-copied", "restore-unpacked"])
def test_one_that_is_killed_leaves_nothing_under_its_name(make: Make, tmp_path: Path, point: str) -> None:
    server = make()
    api = server.launch()
    register(api, "work", "hosted:///work")
    backup = porch("backup", str(tmp_path / "backup.tar"), "--data-dir", str(server.data))
    restore = porch("restore", str(tmp_path / "backup.tar"), "--data-dir", str(tmp_path / "new"))
    for command in (backup, restore):
        done = run(command, environment=os.environ | {"PORCH_FAULT": point})
        if done.code == -signal.SIGKILL:
            assert not (tmp_path / ("backup.tar" if command is backup else "new")).exists()
            assert run(command).code == 0
    assert (tmp_path / "new" / "porch.db").exists()


def damage(archive: Path, how: str) -> None:
    if how == "cut":
        os.truncate(archive, archive.stat().st_size // 2)
    elif how == "byte":
        content = bytearray(archive.read_bytes())
        place = content.index(b"SQLite format 3") + 100
        content[place] ^= 1
        archive.write_bytes(content)
    elif how == "way out":
        with tarfile.open(archive, "w") as tar:
            tar.addfile(tarfile.TarInfo("../outside"))
    else:
        archive.write_bytes(b"something else")


@pytest.mark.parametrize("how", ["cut", "byte", "way out", "no archive"])
def test_a_damaged_backup_is_refused_and_nothing_is_made(make: Make, tmp_path: Path, how: str) -> None:
    server = make()
    server.launch()
    back_up(server, tmp_path / "backup.tar")
    damage(tmp_path / "backup.tar", how)
    done = server.porch("restore", str(tmp_path / "backup.tar"), "--data-dir", str(tmp_path / "new"), code=1)
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "outside").exists()


def test_nothing_is_overwritten(make: Make, tmp_path: Path) -> None:
    server = make()
    server.launch()
    dest = tmp_path / "backup.tar"
    back_up(server, dest)
    data = ("--data-dir", str(server.data))
    assert "exists already" in server.porch("backup", str(dest), *data, code=1).err
    assert "not empty" in server.porch("restore", str(dest), *data, code=1).err
    assert "in the data directory" in server.porch("backup", str(server.data / "b.tar"), *data, code=1).err
    nowhere = ("--data-dir", str(tmp_path / "nowhere"))
    assert "no database" in server.porch("backup", str(tmp_path / "c.tar"), *nowhere, code=1).err
    assert not (tmp_path / "nowhere").exists()


def test_a_backup_lists_what_it_has(make: Make, tmp_path: Path) -> None:
    server = make()
    api = server.launch()
    register(api, "work", "hosted:///work")
    dest = tmp_path / "backup.tar"
    back_up(server, dest)
    with tarfile.open(dest) as tar:
        names, manifest = tar.getnames(), tar.extractfile("manifest.json")
        assert manifest is not None
        listed: Json = json.loads(manifest.read())
    assert names[-1] == "manifest.json"
    assert sorted(listed["files"]) == sorted(names[:-1])
    assert {"porch.db", "tokens.csv", "naming", "pki/ca.key", "git/hosted/default/work.git/packed-refs"} <= set(names)
    assert not [name for name in names if "mirror" in name or name.startswith(("lock", "spool", "kubeconfig"))]
    assert subprocess.run(["tar", "tf", str(dest)], capture_output=True, check=True).stdout
    assert api.do("GET", f"{REPOSITORIES}/work")

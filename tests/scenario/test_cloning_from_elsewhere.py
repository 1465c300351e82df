"""Clones from a git address: what the remote does, or does not do, is the client's to know and leaves nothing behind.

The package there has what packages may have: an executable, links, a submodule, bytes that are no text, and some are
large.
"""

from __future__ import annotations

import base64
import os
import signal
import time
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import (
    REPOSITORIES,
    RESOURCES,
    REVISIONS,
    SECRETS,
    Answer,
    Api,
    Json,
    Lost,
    Porch,
    register,
    repository,
    revision,
)
from tests.support.githttp import GitHttp, dead_url, git

KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: web\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n"
MIB = 1024 * 1024


@pytest.fixture
def outside(remote: GitHttp, tmp_path: Path) -> GitHttp:
    """With the repository `ext`, which has the package pkgs/web on main and as v1."""
    remote.create("ext")
    work = tmp_path / "work"
    git("clone", "--quiet", str(remote.path("ext")), str(work), cwd=tmp_path)
    package = work / "pkgs" / "web"
    package.mkdir(parents=True)
    (package / "Kptfile").write_text(KPTFILE)
    (package / "config.yaml").write_text(CONFIG)
    (package / "raw.bin").write_bytes(bytes(range(256)))
    (package / "run.sh").write_text("#!/bin/sh\n")
    (package / "run.sh").chmod(0o755)
    (package / "passwd").symlink_to("../../../etc/passwd")
    commit(work)
    return remote


def commit(work: Path, *more: str) -> None:
    git("add", "--all", cwd=work)
    git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},pkgs/web/vendor", cwd=work)
    git("commit", "--quiet", "-m", "more", cwd=work)
    git("tag", "-f", "pkgs/web/v1", cwd=work)
    git("push", "--quiet", "--force", "origin", "HEAD:main", "pkgs/web/v1", *more, cwd=work)


def clone(api: Api, url: str, package: str = "web", ref: str = "v1", **more: Json) -> Answer:
    obj = revision("work", package)
    source = {"type": "git", "git": {"repo": url, "ref": ref, "directory": "pkgs/web"} | more}
    obj["spec"]["tasks"] = [{"type": "clone", "clone": {"upstreamRef": source}}]
    return api.send("POST", REVISIONS, obj)


def started(make: Make, *options: str, fault: str = "") -> Porch:
    porch = make(*options)
    register(porch.launch(fault), "work", "hosted:///work")
    return porch


def is_clean(porch: Porch) -> bool:
    """Whether nothing is left of what was fetched."""
    return not list((porch.data / "git").glob("fetched/*"))


def files_in(porch: Porch, tree: str) -> dict[str, str]:
    lines = git("ls-tree", "-r", tree, cwd=porch.hosted("default", "work")).splitlines()
    return {line.partition("\t")[2]: line.partition("\t")[0] for line in lines}


@pytest.mark.parametrize("size", [0, 50 * MIB])
def test_every_kind_of_file_arrives_as_it_was(make: Make, outside: GitHttp, tmp_path: Path, size: int) -> None:
    if size:
        (tmp_path / "work" / "pkgs/web/big.bin").write_bytes(os.urandom(size))
        commit(tmp_path / "work")
    porch = started(make)
    before = resident(porch)
    answer = clone(porch.api, outside.url("ext"))
    assert answer.code == 201, answer.message
    assert peak(porch) - before < 200 * MIB
    tree = git("ls-tree", "-r", "pkgs/web/v1:pkgs/web", cwd=outside.path("ext")).splitlines()
    theirs = {line.partition("\t")[2]: line.partition("\t")[0] for line in tree}
    ours = files_in(porch, "drafts/web/v1:web")
    assert ours.keys() == theirs.keys()
    changed = {path for path in ours if ours[path] != theirs[path]}
    assert changed == {"Kptfile", "config.yaml"}
    assert is_clean(porch)
    git("fsck", "--connectivity-only", "drafts/web/v1", cwd=porch.hosted("default", "work"))
    lock = answer.json["status"]["upstreamLock"]["git"]
    assert (lock["repo"], lock["ref"]) == (outside.url("ext"), "v1")
    assert lock["commit"] == git("rev-parse", "pkgs/web/v1", cwd=outside.path("ext"))


def resident(porch: Porch) -> int:
    return _status(porch, "VmRSS:")


def peak(porch: Porch) -> int:
    return _status(porch, "VmHWM:")


def _status(porch: Porch, field: str) -> int:
    lines = Path(f"/proc/{porch.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def test_a_package_of_a_remote_goes_to_another_remote(make: Make, outside: GitHttp, tmp_path: Path) -> None:
    """Large ones too, which are not sent through the server's memory."""
    (tmp_path / "work" / "pkgs/web/big.bin").write_bytes(os.urandom(MIB))
    commit(tmp_path / "work")
    porch = make()
    api = porch.launch()
    register(api, "work", outside.create("work"))
    answer = clone(api, outside.url("ext"))
    assert answer.code == 201, answer.message
    blob = git("rev-parse", "drafts/web/v1:web/big.bin", cwd=outside.path("work"))
    assert blob == git("rev-parse", "main:pkgs/web/big.bin", cwd=outside.path("ext"))
    assert git("cat-file", "-s", blob, cwd=outside.path("work")) == str(MIB)


def test_a_secret_opens_the_remote(make: Make, outside: GitHttp) -> None:
    porch = started(make)
    outside.basic = ("ann", "good")
    for name, password in (("good", "good"), ("bad", "bad")):
        data = {"username": "ann", "password": password}
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        secret: Json = {"metadata": {"name": name}, "type": "kubernetes.io/basic-auth", "data": encoded}
        porch.api.do("POST", SECRETS, secret)
    for name in ("", "bad"):
        answer = clone(porch.api, outside.url("ext"), secretRef={"name": name})
        assert (answer.code, answer.fields) == (422, ["spec.tasks[0].clone.upstreamRef.git.repo"])
        assert "authentication required" in answer.message
        assert "good" not in answer.message
    assert clone(porch.api, outside.url("ext"), secretRef={"name": "good"}).code == 201


def test_a_hosted_repository_is_read_where_it_lies(make: Make) -> None:
    porch = started(make)
    api = porch.api
    api.do("POST", REVISIONS, revision("work", "pkgs/web"))
    for index, url in enumerate(("hosted:///work", "hosted:///work.git", f"{api.url}/git/default/work.git")):
        answer = clone(api, url, f"web-{index}", ref="drafts/pkgs/web/v1")
        assert answer.code == 201, answer.message
        assert answer.json["status"]["upstreamLock"]["git"]["repo"] == "hosted:///work.git"
    answer = clone(api, f"{api.url}/git/other/work.git", "web-4")
    assert (answer.code, answer.fields) == (422, ["spec.tasks[0].clone.upstreamRef.git.repo"])


def test_a_remote_that_is_gone_or_silent_is_given_up(make: Make, outside: GitHttp) -> None:
    porch = started(make, "--remote-timeout", "1")
    answer = clone(porch.api, dead_url())
    assert (answer.code, answer.reason) == (503, "ServiceUnavailable")
    assert answer.message.startswith("failed to apply clone task: cannot clone Git repository: ")
    outside.gate.clear()
    begun = time.monotonic()
    assert clone(porch.api, outside.url("ext")).code == 503
    assert time.monotonic() - begun < 15
    outside.gate.set()
    assert clone(porch.api, outside.url("ext"), "after").code in {
        201,
        503,
    }  # it may be known to be down a moment longer
    assert is_clean(porch)
    assert porch.api.send("GET", f"{REVISIONS}/work.web.v1").code == 404


def test_a_remote_may_not_send_more_than_is_allowed(make: Make, outside: GitHttp, tmp_path: Path) -> None:
    (tmp_path / "work" / "pkgs/web/big.bin").write_bytes(os.urandom(3 * MIB))
    commit(tmp_path / "work")
    porch = started(make, "--max-clone-bytes", str(2 * MIB))
    answer = clone(porch.api, outside.url("ext"))
    assert (answer.code, answer.fields) == (422, ["spec.tasks[0].clone.upstreamRef.git.repo"])
    assert "more than 2097152 bytes" in answer.message
    assert is_clean(porch)


def test_a_broken_package_is_refused_with_its_file(make: Make, outside: GitHttp, tmp_path: Path) -> None:
    package = tmp_path / "work" / "pkgs/web"
    porch = started(make)
    for name, content, words in (
        ("Kptfile", "apiVersion: kpt.dev/v1\nkind: Kptfile\nnonsense: 1\n", "field nonsense not found"),
        ("config.yaml", "a: [\n", "MalformedYAMLError"),
    ):
        before = (package / name).read_text()
        (package / name).write_text(content)
        commit(tmp_path / "work")
        answer = clone(porch.api, outside.url("ext"))
        assert answer.code == 422
        assert answer.message.startswith("failed to apply clone task: ")
        assert words in answer.message
        (package / name).write_text(before)
    assert porch.api.names() == []


def test_a_server_that_dies_while_it_clones_has_nothing_left(make: Make, outside: GitHttp) -> None:
    porch = started(make, fault="upstream-fetched")
    with pytest.raises(Lost):
        clone(porch.api, outside.url("ext"))
    assert porch.died() == signal.SIGKILL
    assert not is_clean(porch)
    api = porch.launch()
    assert is_clean(porch)
    assert api.names() == []
    assert clone(api, outside.url("ext")).code == 201


def test_a_disk_that_fills_up_meanwhile_is_told(make: Make, outside: GitHttp) -> None:
    porch = started(make, fault="upstream-fetched:1:full")
    answer = clone(porch.api, outside.url("ext"))
    assert (answer.code, answer.reason) == (503, "ServiceUnavailable")
    assert is_clean(porch)
    assert clone(porch.api, outside.url("ext")).code == 201


@pytest.mark.parametrize("point", ["planned", "intent-recorded", "ref-moved:2", "pushed", "indexed"])
def test_a_clone_that_the_server_dies_in_is_whole_or_nothing(make: Make, outside: GitHttp, point: str) -> None:
    porch = make()
    api = porch.launch(fault=point)
    register(api, "work", "hosted:///work")
    with pytest.raises(Lost):
        clone(api, outside.url("ext"))
    assert porch.died() == signal.SIGKILL
    api = porch.launch()
    found = api.send("GET", f"{REVISIONS}/work.web.v1")
    assert (found.code == 200) == (point not in {"planned", "intent-recorded"})
    if found.code == 404:
        assert clone(api, outside.url("ext")).code == 201
    files = api.do("GET", f"{RESOURCES}/work.web.v1")["spec"]
    assert base64.b64decode(files["binaryResources"]["raw.bin"]) == bytes(range(256))
    git("fsck", "--connectivity-only", "drafts/web/v1", cwd=porch.hosted("default", "work"))


def test_too_many_clones_at_once_are_told_to_come_back(make: Make, outside: GitHttp) -> None:
    """Each waits for a remote that says nothing."""
    from concurrent.futures import ThreadPoolExecutor

    porch = started(make, "--remote-timeout", "2", "--remote-concurrency", "2", "--remote-queue", "1")
    outside.gate.clear()
    with ThreadPoolExecutor(6) as threads:
        codes = list(threads.map(lambda index: clone(porch.api, outside.url("ext"), f"web-{index}").code, range(6)))
    outside.gate.set()
    assert set(codes) == {429, 503}
    assert is_clean(porch)


def test_a_source_in_a_repository_that_was_never_read_may_come_yet(make: Make) -> None:
    porch = started(make)
    porch.api.do("POST", REPOSITORIES, repository("dead", dead_url()))
    obj = revision("work", "web")
    obj["spec"]["tasks"] = [{"type": "clone", "clone": {"upstreamRef": {"upstreamRef": {"name": "dead.web.v1"}}}}]
    answer = porch.api.send("POST", REVISIONS, obj)
    assert (answer.code, answer.reason) == (503, "ServiceUnavailable")
    assert 'Repository "dead" was not synchronised yet' in answer.message


def publish(api: Api, name: str) -> None:
    assert api.patch(f"{REVISIONS}/{name}", {"spec": {"lifecycle": "Proposed"}}).code == 200
    assert api.patch(f"{REVISIONS}/{name}/approval", {"spec": {"lifecycle": "Published"}}).code == 200


def test_a_heavy_package_is_cloned_and_upgraded_beside_the_server(make: Make) -> None:
    """In a worker process: so much YAML would hold up everybody."""
    api = started(make).api

    def save(name: str, *numbers: int) -> None:
        documents = "".join(
            f"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c-{number}\ndata:\n  text: {'x' * 400}\n"
            for number in numbers
        )
        assert api.patch(f"{RESOURCES}/{name}", {"spec": {"resources": {"all.yaml": documents}}}).code == 200

    def make_one(package: str, workspace: str, task: Json) -> Json:
        obj = revision("work", package, workspace)
        obj["spec"]["tasks"] = [task]
        return api.do("POST", REVISIONS, obj)

    api.do("POST", REVISIONS, revision("work", "base"))
    save("work.base.v1", *range(1000))
    publish(api, "work.base.v1")
    make_one("app", "v1", {"type": "clone", "clone": {"upstreamRef": {"upstreamRef": {"name": "work.base.v1"}}}})
    publish(api, "work.app.v1")
    make_one("base", "v2", {"type": "edit", "edit": {"sourceRef": {"name": "work.base.v1"}}})
    save("work.base.v2", *range(1, 1001))
    publish(api, "work.base.v2")
    refs = {
        "oldUpstreamRef": "work.base.v1",
        "newUpstreamRef": "work.base.v2",
        "localPackageRevisionRef": "work.app.v1",
    }
    make_one("app", "v2", {"type": "upgrade", "upgrade": {key: {"name": name} for key, name in refs.items()}})
    text = api.do("GET", f"{RESOURCES}/work.app.v2")["spec"]["resources"]["all.yaml"]
    assert [line for line in text.splitlines() if line.startswith("  name: ")] == [
        f"  name: c-{number}" for number in range(1, 1001)
    ]
    assert text.count("kpt-merge: /c-") == 1000

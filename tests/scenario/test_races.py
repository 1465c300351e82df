"""Several who want the same thing at once, on the server or in git: one of them gets it, the others are told so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Porch, register, revision, synchronise
from tests.support.githttp import GitHttp, git

NAME = "here.web.v1"
KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: web\n"


@pytest.fixture
def porch(make: Make) -> Porch:
    porch = make()
    register(porch.launch(), "here", "hosted:///here")
    return porch


def together(requests: list[Callable[[], Answer]]) -> list[Answer]:
    """Each from a thread and connection of its own, all let go at the same moment."""
    start = threading.Barrier(len(requests))

    def one(request: Callable[[], Answer]) -> Answer:
        start.wait(30)
        return request()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(one, requests))


def creating(api: Api, package: str) -> Callable[[], Answer]:
    return lambda: api.send("POST", REVISIONS, revision("here", package))


def drafts(porch: Porch) -> list[str]:
    where = porch.hosted("default", "here")
    return git("for-each-ref", "--format=%(refname)", "refs/heads/drafts", cwd=where).splitlines()


def test_of_twenty_who_create_the_same_draft_one_does(porch: Porch) -> None:
    answers = together(list(repeat(creating(porch.api, "web"), 20)))
    assert sorted(answer.code for answer in answers) == [201, *repeat(409, 19)]
    assert {answer.reason for answer in answers if answer.code == 409} <= {"AlreadyExists", "Conflict"}
    assert porch.api.names() == [NAME]
    assert drafts(porch) == ["refs/heads/drafts/web/v1"]


def test_different_packages_do_not_hinder_each_other(porch: Porch) -> None:
    packages = [f"app-{letter}" for letter in "abcdefghijkl"]
    answers = together([creating(porch.api, package) for package in packages])
    assert [answer.code for answer in answers] == [201] * 12
    assert porch.api.names() == [f"here.{package}.v1" for package in packages]
    assert drafts(porch) == [f"refs/heads/drafts/{package}/v1" for package in packages]


def test_of_two_who_save_what_both_have_read_one_does(porch: Porch) -> None:
    api, path = porch.api, f"{RESOURCES}/{NAME}"
    assert creating(api, "web")().code == 201
    read = api.do("GET", path)

    def saving(text: str) -> Callable[[], Answer]:
        files = read["spec"]["resources"] | {"note.txt": text}
        return lambda: api.send("PUT", path, read | {"spec": read["spec"] | {"resources": files}})

    texts = ("mine\n", "yours\n")
    answers = together([saving(text) for text in texts])
    assert sorted(answer.code for answer in answers) == [200, 409]
    saved = {answer.code: text for answer, text in zip(answers, texts, strict=True)}
    assert {answer.reason for answer in answers if answer.code == 409} == {"Conflict"}
    assert api.do("GET", path)["spec"]["resources"]["note.txt"] == saved[200]
    late = saving(saved[409])()
    assert (late.code, late.reason) == (409, "Conflict")
    assert "the object has been modified" in late.message


def test_a_branch_in_the_way_of_a_draft_is_named(make: Make, remote: GitHttp) -> None:
    """Git cannot keep `drafts/web` beside `drafts/web/v1`."""
    api = make("--sync-interval", "3600").launch()
    register(api, "there", remote.create("there"))
    git("update-ref", "refs/heads/drafts/web", "refs/heads/main", cwd=remote.path("there"))
    synchronise(api, "there")
    answer = api.send("POST", REVISIONS, revision("there", "web"))
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert "refs/heads/drafts/web" in answer.message
    assert api.names() == []


def test_a_draft_that_somebody_else_pushes_comes_changes_and_goes(make: Make, remote: GitHttp) -> None:
    api, where = make("--sync-interval", "0.2").launch(), remote.path("there")
    register(api, "there", remote.create("there"))
    with api.watch() as watch:
        first = commit(remote, {"Kptfile": KPTFILE})
        git("update-ref", "refs/heads/drafts/web/v1", first, cwd=where)
        added = watch.of("there.web.v1")
        second = commit(remote, {"Kptfile": KPTFILE, "note.txt": "hello\n"}, "-p", first)
        git("update-ref", "refs/heads/drafts/web/v1", second, cwd=where)
        modified = watch.of("there.web.v1")
        assert api.do("GET", f"{RESOURCES}/there.web.v1")["spec"]["resources"]["note.txt"] == "hello\n"
        git("update-ref", "-d", "refs/heads/drafts/web/v1", cwd=where)
        deleted = watch.of("there.web.v1")
    events = (added, modified, deleted)
    assert [kind for kind, _ in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert [obj["spec"]["lifecycle"] for _, obj in events] == ["Draft"] * 3
    assert len({obj["metadata"]["resourceVersion"] for _, obj in events}) == 3
    assert api.names() == []


def commit(remote: GitHttp, files: dict[str, str], *options: str) -> str:
    """A commit in the remote whose package `web` has these files."""
    where = remote.path("there")
    blobs = {name: git("hash-object", "-w", "--stdin", cwd=where, stdin=text) for name, text in files.items()}
    package = git("mktree", cwd=where, stdin="".join(f"100644 blob {blob}\t{name}\n" for name, blob in blobs.items()))
    tree = git("mktree", cwd=where, stdin=f"040000 tree {package}\tweb\n")
    return git("commit-tree", tree, "-m", "by hand", *options, cwd=where)

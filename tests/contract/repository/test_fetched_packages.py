"""One package out of a git repository that nobody registered: found as upstream does, fetched alone, then gone."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from porch.errors import BadRequest, Invalid, PorchError, ServiceUnavailable
from porch.keys import RepositoryKey
from porch.repository import Credentials
from porch.repository.git import FetchedPackage, GitAddress, Wanted, fetch_package
from tests.contract.repository.conftest import KPTFILE
from tests.support.githttp import GitHttp, dead_url, git, new_repository

MIB = 1024 * 1024
Fetch = Callable[..., AbstractContextManager[FetchedPackage]]


@pytest.fixture(params=["http", "partial", "file"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """URL and path of a repository with two packages. `partial` can leave out what is not asked for."""
    if request.param == "file":
        path = new_repository(tmp_path / "ext.git")
        url = path.as_uri()
    else:
        server: GitHttp = request.getfixturevalue("server")
        url, path = server.create("ext"), server.path("ext")
    if request.param == "partial":
        git("config", "uploadpack.allowFilter", "true", cwd=path)
    _fill(path, tmp_path / "work")
    return url, path


def _fill(path: Path, work: Path) -> None:
    git("clone", "--quiet", str(path), str(work), cwd=path.parent)
    for number in (1, 2):
        for name in ("pkgs/web", "pkgs/other"):
            (work / name).mkdir(parents=True, exist_ok=True)
            (work / name / "Kptfile").write_bytes(KPTFILE)
            (work / name / "number.txt").write_text(f"{name} {number}")
        git("add", ".", cwd=work)
        git("commit", "--quiet", "-m", str(number), cwd=work)
        if number == 1:
            git("tag", "pkgs/web/v1", cwd=work)
            git("tag", "-a", "-m", "annotated", "release", cwd=work)
    git("push", "--quiet", "origin", "HEAD:main", "HEAD:feature/x", "pkgs/web/v1", "release", cwd=work)


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    def one(
        url: str, ref: str, directory: str, *, limit: int = MIB, **options: object
    ) -> AbstractContextManager[FetchedPackage]:
        wanted = Wanted(ref, directory)
        address = GitAddress(url, RepositoryKey("default", ""), directory=directory)
        rest = {"credentials": None, "ca": "", "deadline": 30.0} | options
        return fetch_package(tmp_path / "fetched" / "x.git", address, wanted, limit=limit, **rest)  # type: ignore[arg-type]

    return one


def number(package: FetchedPackage) -> str:
    entry = package.entries(package.tree)["number.txt"]
    return package.read_blobs([entry.blob])[0].decode()


@pytest.mark.parametrize(
    ("ref", "commit", "wanted"),
    [
        ("main", "main", "pkgs/web 2"),
        ("feature/x", "main", "pkgs/web 2"),
        ("v1", "pkgs/web/v1", "pkgs/web 1"),
        ("pkgs/web/v1", "pkgs/web/v1", "pkgs/web 1"),
        ("release", "release^{commit}", "pkgs/web 1"),
        ("refs/tags/release", "release^{commit}", "pkgs/web 1"),
        ("SHA", "pkgs/web/v1", "pkgs/web 1"),
    ],
)
def test_a_package_is_found_by_any_name_of_its_commit(
    source: tuple[str, Path], fetch: Fetch, tmp_path: Path, *, ref: str, commit: str, wanted: str
) -> None:
    url, path = source
    commit = git("rev-parse", commit, cwd=path)
    ref = commit if ref == "SHA" else ref
    with fetch(url, ref, "pkgs/web") as package:
        assert sorted(package.entries(package.tree)) == ["Kptfile", "number.txt"]
        assert number(package) == wanted
        lock = package.lock
        assert (lock.repo, lock.directory, lock.ref, lock.commit) == (url, "pkgs/web", ref, commit)
    assert list((tmp_path / "fetched").iterdir()) == []


def test_a_commit_that_no_ref_points_at_is_found_in_the_history(source: tuple[str, Path], fetch: Fetch) -> None:
    url, path = source
    git("update-ref", "-d", "refs/tags/pkgs/web/v1", cwd=path)
    git("update-ref", "-d", "refs/tags/release", cwd=path)
    with fetch(url, git("rev-parse", "main^", cwd=path), "pkgs/web") as package:
        assert number(package) == "pkgs/web 1"


@pytest.mark.parametrize(
    ("ref", "directory", "field", "words"),
    [
        (
            "nope",
            "pkgs/web",
            "ref",
            "(tried [pkgs/web/nope refs/remotes/origin/pkgs/web/nope nope refs/remotes/origin/nope])",
        ),
        ("0" * 40, "pkgs/web", "ref", "cannot find git reference"),
        ("main", "pkgs/none", "directory", "cannot find package pkgs/none@main"),
        ("main", "pkgs", "directory", "has no Kptfile"),
        ("main", "pkgs/web/Kptfile", "directory", "no such directory"),
        ("main", "", "directory", "has no Kptfile"),
    ],
)
def test_what_is_not_there_names_its_field(
    source: tuple[str, Path], fetch: Fetch, tmp_path: Path, *, ref: str, directory: str, field: str, words: str
) -> None:
    error = failure(fetch(source[0], ref, directory))
    assert isinstance(error, Invalid)
    assert error.details is not None
    assert [cause.field for cause in error.details.causes] == [field]
    assert words in error.message
    assert list((tmp_path / "fetched").iterdir()) == []


def failure(fetching: AbstractContextManager[FetchedPackage]) -> PorchError:
    with pytest.raises(PorchError) as caught, fetching:
        pytest.fail("nothing was wrong")
    return caught.value


@pytest.mark.parametrize("size", [4 * MIB, 40 * MIB])
def test_what_is_too_large_is_refused(source: tuple[str, Path], fetch: Fetch, tmp_path: Path, size: int) -> None:
    url = source[0]
    work = tmp_path / "work"
    (work / "pkgs/web/big.bin").write_bytes(os.urandom(4 * MIB) + bytes(size - 4 * MIB))
    git("add", ".", cwd=work)
    git("commit", "--quiet", "-m", "big", cwd=work)
    git("push", "--quiet", "origin", "HEAD:main", cwd=work)
    error = failure(fetch(url, "main", "pkgs/web", limit=3 * MIB if size == 4 * MIB else 20 * MIB))
    assert isinstance(error, Invalid), error
    assert "bytes" in error.message
    assert list((tmp_path / "fetched").iterdir()) == []


def test_only_the_package_is_fetched_where_the_remote_can_leave_things_out(
    server: GitHttp, tmp_path: Path, fetch: Fetch
) -> None:
    url, path = server.create("ext"), server.path("ext")
    git("config", "uploadpack.allowFilter", "true", cwd=path)
    _fill(path, tmp_path / "work")
    (tmp_path / "work" / "huge.bin").write_bytes(os.urandom(8 * MIB))
    git("add", ".", cwd=tmp_path / "work")
    git("commit", "--quiet", "-m", "huge", cwd=tmp_path / "work")
    git("push", "--quiet", "origin", "HEAD:main", cwd=tmp_path / "work")
    with fetch(url, "main", "pkgs/web", limit=MIB) as package:
        assert number(package) == "pkgs/web 2"


def test_a_remote_that_wants_to_know_who_asks_is_told(server: GitHttp, tmp_path: Path, fetch: Fetch) -> None:
    url = server.create("ext")
    _fill(server.path("ext"), tmp_path / "work")
    server.basic = ("ann", "secret")
    error = failure(fetch(url, "main", "pkgs/web"))
    assert isinstance(error, BadRequest)
    assert "authentication required" in error.message
    with fetch(url, "main", "pkgs/web", credentials=Credentials(username="ann", password="secret")) as package:
        assert number(package) == "pkgs/web 2"


def test_a_remote_that_is_not_there(server: GitHttp, fetch: Fetch) -> None:
    assert "repository not found" in failure(fetch(server.url("none"), "main", "")).message
    assert isinstance(failure(fetch(dead_url(), "main", "")), ServiceUnavailable)


def test_a_remote_that_does_not_answer_is_given_up(server: GitHttp, tmp_path: Path, fetch: Fetch) -> None:
    url = server.create("ext")
    _fill(server.path("ext"), tmp_path / "work")
    server.gate.clear()
    assert isinstance(failure(fetch(url, "main", "pkgs/web", deadline=1.0)), ServiceUnavailable)
    assert list((tmp_path / "fetched").iterdir()) == []


@pytest.mark.parametrize("url", ["http://169.254.169.254/x.git", "http://[fe80::1]/x.git", "http://0.0.0.0/x.git"])
def test_special_addresses_are_not_connected_to(fetch: Fetch, url: str) -> None:
    assert isinstance(failure(fetch(url, "main", "pkgs/web")), BadRequest)

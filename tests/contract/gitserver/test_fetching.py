"""What a git user sees when reading a hosted repository."""

from __future__ import annotations

import gzip
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from .conftest import APPROVER, AUTHOR, READER, Served, commit, git


def _status(url: str, *, token: str = READER, body: bytes | None = None, **headers: str) -> tuple[int, str, str]:
    sent = {"Authorization": f"Bearer {token}"} if token else {}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=sent), timeout=20) as answer:
            return answer.status, answer.read().decode("latin-1"), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("WWW-Authenticate", "")


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_a_reader_clones_in_every_protocol_version(served: Served, tmp_path: Path, version: str) -> None:
    git("-c", f"protocol.version={version}", "clone", "--quiet", served.url(READER), "copy", cwd=tmp_path)
    assert git("rev-parse", "HEAD", cwd=tmp_path / "copy").stdout.strip() == served.refs()["refs/heads/main"]


def test_a_fetch_brings_what_was_pushed(served: Served, clone: Path, tmp_path: Path) -> None:
    git("clone", "--quiet", served.url(READER), "copy", cwd=tmp_path)
    pushed = commit(clone)
    git("push", "--quiet", "origin", "HEAD:refs/heads/drafts/pkg/v1", cwd=clone)
    git("fetch", "--quiet", cwd=tmp_path / "copy")
    assert git("rev-parse", "origin/drafts/pkg/v1", cwd=tmp_path / "copy").stdout.strip() == pushed


def test_a_shallow_and_a_partial_clone_work(served: Served, clone: Path, tmp_path: Path) -> None:
    for number in range(3):
        commit(clone, str(number))
    git("push", "--quiet", "origin", "main", cwd=clone)
    git("clone", "--quiet", "--depth=1", "--filter=blob:none", served.url(READER), "copy", cwd=tmp_path)
    assert git("rev-list", "--count", "HEAD", cwd=tmp_path / "copy").stdout.strip() == "1"


def test_git_asks_for_a_password_when_there_is_none(served: Served, tmp_path: Path) -> None:
    assert _status(f"{served.url('')}/info/refs?service=git-upload-pack", token="")[::2] == (401, 'Basic realm="porch"')
    assert "could not read Username" in git("clone", served.url(""), "copy", cwd=tmp_path, ok=False).stderr


def test_who_may_not_read_gets_a_line_that_says_so(served: Served, tmp_path: Path) -> None:
    done = git("clone", served.url("stranger"), "copy", cwd=tmp_path, ok=False)
    assert 'remote: packagerevisionresources.porch.kpt.dev is forbidden: User "stranger" cannot get it' in done.stderr


def test_an_unknown_repository_gets_a_line_that_says_so(served: Served, tmp_path: Path) -> None:
    done = git("clone", served.url(READER, "other"), "copy", cwd=tmp_path, ok=False)
    assert "remote: there is no hosted repository default/other" in done.stderr


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/git/default/blueprints.git/HEAD", 403),
        ("/git/default/blueprints.git/config", 403),
        ("/git/default/blueprints.git/objects/info/packs", 403),
        ("/git/default/blueprints.git/info/refs", 403),
        ("/git/default/blueprints.git/info/refs?service=git-upload-archive", 403),
        ("/git/default/blueprints.git/git-upload-pack", 405),
        ("/git/default/blueprints/info/refs?service=git-upload-pack", 404),
        ("/git/default/..%2fblueprints.git/info/refs?service=git-upload-pack", 404),
        ("/git/default/a%00b.git/info/refs?service=git-upload-pack", 404),
        ("/git/other/blueprints.git/info/refs?service=git-upload-pack", 403),
    ],
)
def test_nothing_but_the_smart_protocol_is_served(served: Served, path: str, status: int) -> None:
    assert _status(f"http://127.0.0.1:{served.port}{path}")[0] == status


def _post(served: Served, body: bytes, **headers: str) -> tuple[int, str]:
    content_type = headers.pop("Content_Type", "application/x-git-upload-pack-request")
    url = f"{served.url('')}/git-upload-pack"
    return _status(url, body=body, Content_Type=content_type, Git_Protocol="version=2", **headers)[:2]


_LIST = b"0014command=ls-refs\n0000"


def test_request_bodies_may_be_packed(served: Served) -> None:
    status, text = _post(served, gzip.compress(_LIST), Content_Encoding="gzip")
    assert (status, "refs/heads/main" in text) == (200, True)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (_LIST, {"Content_Encoding": "gzip"}, 400),
        (_LIST, {"Content_Encoding": "br"}, 415),
        (_LIST, {"Content_Type": "application/x-www-form-urlencoded"}, 415),
        (gzip.compress(bytes(17 * 1024 * 1024)), {"Content_Encoding": "gzip"}, 413),
    ],
)
def test_bodies_that_git_would_not_send_are_refused(
    served: Served, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert _post(served, body, **headers)[0] == status


def test_a_body_that_git_does_not_understand_is_a_bad_request(served: Served) -> None:
    assert _post(served, b"nonsense") == (400, "git did not understand the request\n")
    assert _post(served, _LIST)[0] == 200


def test_a_broken_repository_says_so_without_naming_its_directory(served: Served) -> None:
    (served.repositories.path / "HEAD").unlink()
    status, text, _ = _status(f"{served.url('')}/info/refs?service=git-upload-pack", Git_Protocol="version=2")
    assert (status, text) == (500, "git failed in the server; its log has the cause\n")


def test_everybody_who_may_push_may_ask_what_is_there(served: Served) -> None:
    url = f"{served.url('')}/info/refs?service=git-receive-pack"
    assert [_status(url, token=user)[0] for user in (READER, AUTHOR, APPROVER)] == [403, 200, 200]

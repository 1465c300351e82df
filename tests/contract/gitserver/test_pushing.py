"""What a git user sees when pushing to a hosted repository, and what is left behind."""

from __future__ import annotations

import os
import socket
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from porch.gitserver import Limits

from .conftest import APPROVER, AUTHOR, READER, Served, commit, environment, git, serving, wait_until


def _push(work: Path, *refs: str, url: str = "origin") -> str:
    """What git prints; empty when the push was done."""
    done = git("push", "--porcelain", url, *refs, cwd=work, ok=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def _objects(served: Served) -> list[str]:
    """Every file in the object store that is not an object: quarantines, temporary packs."""
    root = served.repositories.path / "objects"
    return [path.name for path in root.rglob("*") if path.name.startswith(("tmp_", "incoming", "quarantine"))]


def test_a_draft_is_pushed_and_the_index_hears_of_it(served: Served, clone: Path) -> None:
    new = commit(clone)
    assert not _push(clone, "HEAD:refs/heads/drafts/pkg/v1", url=served.url(AUTHOR))
    assert served.refs()["refs/heads/drafts/pkg/v1"] == new
    assert served.repositories.told == 1


def test_a_draft_is_rewound_and_deleted(served: Served, clone: Path) -> None:
    commit(clone)
    assert not _push(clone, "HEAD:refs/heads/drafts/pkg/v1")
    assert not _push(clone, "+HEAD~1:refs/heads/drafts/pkg/v1")
    assert not _push(clone, ":refs/heads/drafts/pkg/v1")
    assert set(served.refs()) == {"refs/heads/main"}


def test_an_author_may_not_publish(served: Served, clone: Path) -> None:
    before = served.refs()
    commit(clone)
    for ref in ("refs/heads/main", "refs/tags/pkg/v1", "refs/heads/deletionProposed/pkg/v1"):
        said = _push(clone, f"HEAD:{ref}", url=served.url(AUTHOR))
        assert "you may not update packagerevisions/approval in this namespace" in said
    assert served.refs() == before
    assert served.repositories.told == 0


def test_a_reader_may_not_push_at_all(served: Served, clone: Path) -> None:
    said = _push(clone, "HEAD:refs/heads/drafts/pkg/v1", url=served.url(READER))
    assert "remote: you may not push to default/blueprints" in said


def test_an_approver_publishes(served: Served, clone: Path) -> None:
    new = commit(clone)
    assert not _push(clone, "HEAD:refs/heads/main", "HEAD:refs/tags/pkg/v1")
    assert served.refs() == {"refs/heads/main": new, "refs/tags/pkg/v1": new}


def test_a_published_tag_never_moves_or_goes_away(served: Served, clone: Path) -> None:
    assert not _push(clone, "HEAD:refs/tags/pkg/v1")
    before = served.refs()
    commit(clone)
    for refspec in ("+HEAD:refs/tags/pkg/v1", ":refs/tags/pkg/v1"):
        assert "a tag never moves or goes away" in _push(clone, refspec)
    assert served.refs() == before


def test_the_registered_branch_only_goes_forward(served: Served, clone: Path) -> None:
    commit(clone)
    assert not _push(clone, "HEAD:refs/heads/main")
    before = served.refs()
    assert "non-fast-forward" in _push(clone, "+HEAD~1:refs/heads/main")
    assert "cannot be deleted" in _push(clone, ":refs/heads/main")
    assert served.refs() == before


def test_one_refused_ref_refuses_the_whole_push(served: Served, clone: Path) -> None:
    before = served.refs()
    commit(clone)
    said = _push(clone, "HEAD:refs/heads/drafts/pkg/v1", "HEAD:refs/heads/drafts/nameless")
    assert "the name lacks a workspace: it must be drafts/PACKAGE/WORKSPACE" in said
    assert "not done, because refs/heads/drafts/nameless was refused" in said
    assert served.refs() == before


def test_a_push_that_needs_chunks_works_and_is_stored(served: Served, clone: Path) -> None:
    (clone / "blob").write_bytes(os.urandom(3 * 1024 * 1024))
    commit(clone)
    assert not _push(clone, "HEAD:refs/heads/drafts/pkg/v1", url=served.url(AUTHOR))


def test_a_push_over_the_limit_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path, Limits(push_bytes=1_000_000)) as served:
        git("clone", "--quiet", served.url(AUTHOR), "work", cwd=tmp_path)
        (tmp_path / "work" / "blob").write_bytes(os.urandom(3 * 1024 * 1024))
        commit(tmp_path / "work")
        assert "413" in _push(tmp_path / "work", "HEAD:refs/heads/drafts/pkg/v1")
        assert set(served.refs()) == {"refs/heads/main"}
        assert served.repositories.told == 0


def _request(served: Served, body: bytes, length: int | None = None, user: str = APPROVER) -> socket.socket:
    """A raw push; the answer can be read from the socket."""
    head = (
        "POST /git/default/blueprints.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Basic {b64encode(f'x:{user}'.encode()).decode()}\r\n"
        f"Content-Type: application/x-git-receive-pack-request\r\nContent-Length: {length or len(body)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    connection.sendall(head.encode() + body)
    return connection


def _answer(connection: socket.socket) -> str:
    with connection, connection.makefile("rb") as stream:
        return stream.read().decode("latin-1")


def _line(text: str) -> bytes:
    return b"%04x%s" % (len(text.encode()) + 4, text.encode())


def _commands(ref: str, old: str, new: str) -> bytes:
    return _line(f"{old} {new} {ref}\0report-status") + b"0000"


def test_a_corrupt_pack_changes_nothing(served: Served) -> None:
    body = _commands("refs/heads/drafts/pkg/v1", "0" * 40, "1" * 40) + b"PACK" + bytes(200)
    said = _answer(_request(served, body))
    assert "ng refs/heads/drafts/pkg/v1" in said
    assert set(served.refs()) == {"refs/heads/main"}
    assert not _objects(served)


def test_objects_that_fsck_refuses_are_not_stored(served: Served, clone: Path) -> None:
    entry = b"100644 .git\0" + bytes.fromhex("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    (clone / "tree").write_bytes(entry)
    git("hash-object", "-w", "-t", "blob", os.devnull, cwd=clone)
    tree = git("hash-object", "-w", "-t", "tree", "--literally", "tree", cwd=clone).stdout.strip()
    bad = git("commit-tree", "-m", "bad", tree, cwd=clone).stdout.strip()
    assert "hasDotgit" in _push(clone, f"{bad}:refs/heads/drafts/pkg/v1")
    assert set(served.refs()) == {"refs/heads/main"}
    assert not _objects(served)


def test_a_tag_is_not_deleted_by_pretending_that_it_is_created(served: Served, clone: Path) -> None:
    assert not _push(clone, "HEAD:refs/tags/pkg/v1")
    before = served.refs()
    assert "a tag never moves" in _answer(_request(served, _commands("refs/tags/pkg/v1", "0" * 40, "0" * 40)))
    moved = commit(clone)
    assert not _push(clone, f"{moved}:refs/heads/drafts/pkg/v2")
    pack = subprocess.run(
        ["git", "pack-objects", "--stdout", "-q"], cwd=clone, input=moved.encode(), capture_output=True, check=True
    ).stdout
    said = _answer(_request(served, _commands("refs/tags/pkg/v1", "0" * 40, moved) + pack))
    assert "ng refs/tags/pkg/v1" in said
    assert served.refs()["refs/tags/pkg/v1"] == before["refs/tags/pkg/v1"]


@pytest.mark.parametrize(
    "body",
    [
        b"PACK",
        b"zzzz",
        b"0003",
        b"00ff",
        _line("push-cert\0push-options"),
        _line(f"{'0' * 40} {'1' * 40} refs/heads/a b\0report-status") + b"0000",
        _line(f"{'0' * 40} {'0' * 40} refs/tags/p/v1\0report-status")
        + _line(f"{'0' * 40} {'1' * 40} refs/tags/p/v1")
        + b"0000",
        b"0035" + b"0" * 40 + b" \xff\xff\xff\xff\xff\xff\xff\xff0000",
    ],
)
def test_a_malformed_push_is_a_bad_request(served: Served, body: bytes) -> None:
    assert _answer(_request(served, body)).startswith("HTTP/1.1 400")


def test_a_client_that_goes_away_leaves_nothing(served: Served, clone: Path) -> None:
    commit(clone)
    body = _commands("refs/heads/drafts/pkg/v1", "0" * 40, git("rev-parse", "HEAD", cwd=clone).stdout.strip())
    _request(served, body, length=10_000_000).close()
    assert not _push(clone, "HEAD:refs/heads/drafts/pkg/v2", url=served.url(AUTHOR))
    assert set(served.refs()) == {"refs/heads/main", "refs/heads/drafts/pkg/v2"}
    assert not _objects(served)
    assert not list(served.spool.iterdir())


def test_a_slow_client_does_not_hold_the_repository(served: Served, clone: Path) -> None:
    commit(clone)
    with _request(served, b"00", length=10_000_000):
        assert not _push(clone, "HEAD:refs/heads/drafts/pkg/v1")


def test_more_requests_than_the_limit_are_told_to_come_later(tmp_path: Path) -> None:
    with serving(tmp_path, Limits(requests=1)) as served:
        with _request(served, b"00", length=1000):
            wait_until(lambda: "429" in git("ls-remote", served.url(READER), cwd=tmp_path, ok=False).stderr)
        wait_until(lambda: git("ls-remote", served.url(READER), cwd=tmp_path, ok=False).returncode == 0)


def test_a_client_that_falls_silent_is_let_go(tmp_path: Path) -> None:
    with serving(tmp_path, Limits(idle_seconds=0.05)) as served:
        said = _answer(_request(served, b"00", length=1000))
        assert "the client sent nothing for 0.05 s" in said


def test_a_push_waits_for_the_servers_own(served: Served, clone: Path) -> None:
    commit(clone)
    command = ["git", "push", "--quiet", "origin", "HEAD:refs/heads/drafts/pkg/v1"]
    with served.repositories.lock:
        waiting = subprocess.Popen(command, cwd=clone, env=environment(), stderr=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.3)
        assert set(served.refs()) == {"refs/heads/main"}
    assert waiting.communicate(timeout=20)[1] == b""
    assert set(served.refs()) == {"refs/heads/main", "refs/heads/drafts/pkg/v1"}


def test_of_concurrent_pushes_to_one_draft_exactly_one_wins(served: Served, clone: Path) -> None:
    commits = [commit(clone, str(number)) for number in range(4)]
    run = [
        subprocess.Popen(
            ["git", "push", "--quiet", "origin", f"{new}:refs/heads/drafts/pkg/v1"],
            cwd=clone,
            env=environment(),
            stderr=subprocess.DEVNULL,
        )
        for new in commits
    ]
    results = dict(zip(commits, [process.wait(60) for process in run], strict=True))
    assert served.refs()["refs/heads/drafts/pkg/v1"] in {new for new, status in results.items() if status == 0}


def test_an_index_that_is_away_does_not_undo_a_push(served: Served, clone: Path) -> None:
    served.repositories.broken = True
    new = commit(clone)
    assert not _push(clone, "HEAD:refs/heads/drafts/pkg/v1")
    assert served.refs()["refs/heads/drafts/pkg/v1"] == new


def test_a_client_that_goes_away_while_fetching_ends_git(served: Served, clone: Path) -> None:
    (clone / "blob").write_bytes(os.urandom(8 * 1024 * 1024))
    new = commit(clone)
    assert not _push(clone, "HEAD:refs/heads/drafts/pkg/v1")
    body = _line("command=fetch") + b"0001" + _line(f"want {new}\n") + _line("done\n") + b"0000"
    head = (
        "POST /git/default/blueprints.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nGit-Protocol: version=2\r\n"
        f"Authorization: Bearer {READER}\r\nContent-Type: application/x-git-upload-pack-request\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert _running(served.repositories.path)
    wait_until(lambda: not _running(served.repositories.path))


def _running(repository: Path) -> list[str]:
    """Command lines of processes that work on this repository."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_text()
        except OSError:
            continue
        if str(repository) in text:
            found.append(text)
    return found

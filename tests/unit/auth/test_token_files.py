"""Token files: their format, their changes, and that no token is ever shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from porch.apiserver.authn import Tokens, ensure_token_file
from porch.apiserver.authn.tokens import MAX_FILE_BYTES, _parse
from porch.errors import BadRequest, ServiceUnavailable
from porch.objects import Caller

_clock = 1_000_000_000


def write(path: Path, text: str | bytes) -> None:
    """Writes with a time of change that surely differs from the one before."""
    global _clock  # noqa: PLW0603 - the coarse clock of some file systems must not decide a test
    _clock += 1
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.utime(path, (_clock, _clock))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.csv"


def test_a_line_has_token_user_uid_and_groups(file: Path) -> None:
    write(file, 's3cret,bob,7,"dev,ops"\n\nother, eve ,8\n')
    tokens = Tokens([file])
    assert tokens.caller(b"s3cret") == Caller("bob", ("dev", "ops"), "7")
    assert tokens.caller(b"other") == Caller("eve", (), "8")
    assert tokens.caller(b"unknown") is None
    assert tokens.caller(b"") is None


def test_the_first_file_that_knows_a_token_decides(tmp_path: Path) -> None:
    write(tmp_path / "a", "x,bob,1")
    write(tmp_path / "b", "x,eve,2\ny,joe,3")
    tokens = Tokens([tmp_path / "a", tmp_path / "b"])
    assert [getattr(tokens.caller(token), "name", None) for token in (b"x", b"y")] == ["bob", "joe"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("ok,bob,1\ns3cret,eve\n", "line 2 has 2 columns"),
        ("s3cret,eve,1,g,h\n", "line 1 has 5 columns"),
        (",eve,1\n", "line 1 lacks its token"),
        ("s3cret,,1\n", "line 1 lacks its user"),
        ("s3cret,bob,1\ns3cret,eve,2\n", "line 2 repeats a token"),
        ('s3cret,bob,1,"open\n', "unexpected end of data"),
        (b"s3cret\xff,bob,1\n", "it is not UTF-8"),
        ("s3cret,bob,1\n" * (MAX_FILE_BYTES // 10), "is larger than"),
    ],
)
def test_a_wrong_file_is_refused_at_start_without_showing_it(file: Path, content: str | bytes, problem: str) -> None:
    write(file, content)
    with pytest.raises(BadRequest, match=problem) as caught:
        Tokens([file])
    assert str(file) in caught.value.message
    assert "s3cret" not in caught.value.message
    assert caught.value.__cause__ is None


def test_a_missing_or_unreadable_file_is_refused_at_start(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="there is no token file"):
        Tokens([tmp_path / "none"])
    with pytest.raises(BadRequest, match="cannot read the token file"):
        Tokens([tmp_path])


def test_a_changed_file_counts_at_once(file: Path) -> None:
    write(file, "old,bob,1")
    tokens = Tokens([file])
    write(file, "new,bob,1")
    assert tokens.caller(b"old") is None
    assert tokens.caller(b"new") is not None


def test_while_a_changed_file_is_wrong_the_last_good_one_holds(file: Path) -> None:
    write(file, "s3cret,bob,1")
    tokens = Tokens([file])
    write(file, "s3cret2,")
    with capture_logs() as logs:
        assert tokens.caller(b"s3cret") is not None
        assert tokens.caller(b"s3cret") is not None
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert "s3cret" not in str(logs)
    write(file, "s3cret2,bob,1")
    assert tokens.caller(b"s3cret") is None


def test_a_file_taken_away_takes_its_tokens_along(file: Path) -> None:
    write(file, "s3cret,bob,1")
    tokens = Tokens([file])
    file.unlink()
    assert tokens.caller(b"s3cret") is None


def test_no_token_is_in_a_repr(file: Path) -> None:
    write(file, "s3cret,bob,1")
    tokens = Tokens([file])
    assert "s3cret" not in repr(tokens) + repr(vars(tokens)) + repr(vars(tokens._files[0]))


def test_the_first_start_makes_one_private_token_for_the_administrator(file: Path) -> None:
    ensure_token_file(file)
    token, *_ = file.read_text().split(",")
    assert len(token) >= 40
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Tokens([file]).caller(token.encode()) == Caller("porch-admin", ("system:masters",), "porch-admin")
    before = file.read_bytes()
    ensure_token_file(file)
    assert file.read_bytes() == before


def test_a_token_file_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailable, match="cannot write the token file"):
        ensure_token_file(tmp_path / "none" / "tokens.csv")


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text('ab,"\n\r \x00', max_size=30).map(str.encode)))
def test_no_content_makes_it_fail_in_any_other_way(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / f"garbage-{os.getpid()}.csv"
    write(path, content)
    try:
        Tokens([path])
    except BadRequest:
        return
    assert all(caller.name for caller in _parse(content).values())

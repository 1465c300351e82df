"""Reading the head of a push, and answering as git does."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.errors import BadRequest, PorchError, RequestTooLarge
from porch.gitserver.pktline import ABSENT, FLUSH, Command, Push, encode, read_push, refusal_report

NEW = "2" * 40
_ids = st.text("0123456789abcdef", min_size=40, max_size=40)
_refs = st.text(st.characters(min_codepoint=0x21, exclude_characters="\x7f", exclude_categories=["Cs"]), min_size=1)
_commands = st.builds(Command, _refs, _ids, _ids)


def _body(*lines: str) -> io.BytesIO:
    return io.BytesIO(b"".join(encode(line.encode()) for line in lines) + FLUSH + b"PACK...")


@given(st.lists(_commands, max_size=5, unique_by=lambda command: command.ref))
@settings(max_examples=50, derandomize=True, deadline=None)
def test_what_git_sends_is_read_and_the_pack_is_left(commands: list[Command]) -> None:
    lines = [f"{command.old} {command.new} {command.ref}" for command in commands]
    lines[:1] = [f"{lines[0]}\0 report-status atomic"] if lines else []
    body = _body(*lines)
    push = read_push(body)
    assert push.commands == tuple(commands)
    assert push.capabilities == ({"report-status", "atomic"} if commands else set())
    assert body.read() == b"PACK..."


@given(st.binary(max_size=200))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_whatever_else_is_sent_is_an_error_of_the_client(body: bytes) -> None:
    try:
        read_push(io.BytesIO(body))
    except PorchError as error:
        assert error.code == 400  # noqa: PT017 - any input may also be a push by chance


def test_a_ref_is_named_once() -> None:
    with pytest.raises(BadRequest, match="twice"):
        read_push(_body(f"{NEW} {ABSENT} refs/tags/p/v1\0", f"{ABSENT} {NEW} refs/tags/p/v1"))


def test_lines_of_a_shallow_clone_are_git_s_business() -> None:
    assert len(read_push(_body(f"shallow {NEW}", f"{ABSENT} {NEW} refs/heads/x\0")).commands) == 1


def test_the_number_of_refs_is_limited() -> None:
    with pytest.raises(RequestTooLarge):
        read_push(_body(*(f"{ABSENT} {NEW} refs/heads/{number:0900}" for number in range(1200))))


def test_a_refusal_is_told_in_git_s_report() -> None:
    push = Push((Command("refs/heads/x", ABSENT, NEW),), frozenset({"report-status"}))
    expected = b"000eunpack ok\n" + encode(b"ng refs/heads/x no\n") + FLUSH
    assert refusal_report(push, {"refs/heads/x": "no"}) == expected
    banded = Push(push.commands, frozenset({"report-status-v2", "side-band-64k"}))
    assert refusal_report(banded, {"refs/heads/x": "no"}) == encode(b"\x01" + expected) + FLUSH


def test_a_client_that_wants_no_report_gets_none() -> None:
    assert refusal_report(Push((), frozenset()), {}) == b""


def test_a_long_report_is_cut_into_packets() -> None:
    push = Push((), frozenset({"report-status", "side-band-64k"}))
    report = io.BytesIO(refusal_report(push, {f"refs/heads/{number}": "x" * 100 for number in range(2000)}))
    sizes = []
    while size := int(report.read(4), 16):
        sizes.append(size)
        assert report.read(size - 4)[:1] == b"\x01"
    assert max(sizes) <= 65520
    assert len(sizes) > 1

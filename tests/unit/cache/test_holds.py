"""Which changes are held, and what the token stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from porch.cache.holds import CONFIRM_ANNOTATION, REMOVAL, UNRELATED, Hold, Threat

_NAMES = [f"r.p{number}.v1" for number in range(10)]
_OLD, _NEW = "1" * 40, "2" * 40


def _held(threat: Threat) -> Hold:
    found = threat.hold()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("lost", "total", "held"),
    [(0, 0, False), (0, 10, False), (5, 10, False), (6, 10, True), (10, 10, True), (4, 4, False), (5, 5, True),
     (5, 9, True), (100, 201, False), (101, 201, True)],
)  # fmt: skip
def test_more_than_half_and_at_least_five_are_held(lost: int, total: int, held: bool) -> None:
    found = Threat("main", [f"n{number}" for number in range(lost)], total).hold()
    assert (found is not None) == held
    assert found is None or found.reason == REMOVAL


def test_another_history_is_held_whatever_it_removes() -> None:
    assert _held(Threat("main", [], 3, _OLD, _NEW)).reason == UNRELATED


def test_the_message_tells_what_would_go_and_how_to_confirm_it() -> None:
    held = _held(Threat("main", _NAMES, 12))
    assert "10 of 12 (r.p0.v1, r.p1.v1, r.p2.v1, ...)" in held.message
    assert f"{CONFIRM_ANNOTATION}={held.token}" in held.message
    held = _held(Threat("main", [], 3, _OLD, _NEW))
    assert "branch main at 222222222222 shares no commit with 111111111111" in held.message


def test_the_token_stands_for_just_this_change() -> None:
    threat = Threat("main", _NAMES, 10, _OLD, _NEW)
    others = [
        replace(threat, lost=_NAMES[1:]),
        replace(threat, lost=[*_NAMES, "r.more.v1"], total=11),
        replace(threat, new_head="3" * 40),
        replace(threat, old_head="", new_head=""),
    ]
    tokens = [_held(other).token for other in [threat, *others]]
    assert len(set(tokens)) == len(tokens)
    assert _held(replace(threat, lost=_NAMES[::-1], total=15)).token == tokens[0]  # what else is there does not matter

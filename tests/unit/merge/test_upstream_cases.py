"""Every upgrade that upstream was seen doing ends as it did, or as docs/merge.md says and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from porch.merge import OnConflict
from tests.merge.upstream import Case, Outcome, cases, ours

_CASES = cases()
_OURS = ours()
_PAGE = (Path(__file__).parents[3] / "docs" / "merge.md").read_text()
_NOTHING_LOST = {
    "crd-definition-in-package",
    "crd-list-conflict",
    "kptfile-duplicate-functions",
    "kptfile-name-and-comments",
    "kptfile-partly-named",
    "kptfile-status-and-gates",
    "registry-with-port",
}
"""Upstream drops an edit where ours keeps both, so that there is no conflict to tell of."""


@pytest.mark.parametrize("choice", ["ours", "theirs"])
@pytest.mark.parametrize("case", _CASES, ids=str)
def test_ends_as_upstream_or_as_written_down(case: Case, choice: OnConflict) -> None:
    expected = _OURS.get(str(case), {}).get(choice) or Outcome(case.expected or {})
    assert case.outcome(choice) == expected


@pytest.mark.parametrize("case", [case for case in _CASES if case.lost], ids=str)
def test_an_edit_that_upstream_drops_is_kept_or_told(case: Case) -> None:
    outcome = case.outcome("ours")
    assert bool(outcome.conflicts) != (case.name in _NOTHING_LOST)
    if case.name in _NOTHING_LOST:
        assert outcome.files != case.expected


@pytest.mark.parametrize("case", [case for case in _CASES if case.expected is not None], ids=str)
def test_without_a_conflict_ours_and_theirs_are_one(case: Case) -> None:
    one, other = case.outcome("ours"), case.outcome("theirs")
    if not one.conflicts:
        assert one == other


def test_each_difference_is_explained() -> None:
    different = {
        case.name
        for case in _CASES
        if all(case.outcome(choice).files != (case.expected or {}) for choice in _BOTH) and case.outcome("ours").files
    }
    assert {name for name in different if f"`{name}`" not in _PAGE} == set()


_BOTH: tuple[OnConflict, ...] = ("ours", "theirs")

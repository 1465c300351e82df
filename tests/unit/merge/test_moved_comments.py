"""A comment that one side removed does not come back because the other side has it at another entry now."""

from __future__ import annotations

import pytest

from porch.merge import OnConflict
from tests.unit.merge.building import CONFIG, WIDGET, merged, quiet

_REASON = "one side moved the comment, the other removed it"
_ITEM = WIDGET + "spec:\n  parts:\n  # why\n  - name: a\n    count: 1\n"
_WITHOUT = _ITEM.replace("  # why\n", "")
_KEY_BEFORE = _ITEM.replace("  # why\n  - name: a", "  - new: 1\n    # why\n    name: a")


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_a_comment_removed_locally_and_pushed_behind_a_new_first_key_is_a_conflict(choice: OnConflict) -> None:
    text, conflicts = merged(_ITEM, _WITHOUT, _KEY_BEFORE, on_conflict=choice)
    above = "  # why\n" if choice == "theirs" else ""
    assert text == WIDGET + f"spec:\n  parts:\n{above}  - name: a\n    count: 1\n    new: 1\n"
    assert [(item.field, item.local, item.upstream, item.reason) for item in conflicts] == [
        ("spec.parts[name=a].name#comment", None, "# why", _REASON)
    ]


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_so_is_one_removed_upstream_and_moved_locally(choice: OnConflict) -> None:
    text, conflicts = merged(_ITEM, _KEY_BEFORE, _WITHOUT, on_conflict=choice)
    assert text == (_KEY_BEFORE if choice == "ours" else _KEY_BEFORE.replace("    # why\n", ""))
    assert [(item.field, item.reason) for item in conflicts] == [("spec.parts[name=a].name#comment", _REASON)]


@pytest.mark.parametrize("choice", ["ours", "theirs"])
@pytest.mark.parametrize("locally", [True, False])
def test_an_entry_put_between_a_comment_and_its_entry_does_not_bring_it_back(
    choice: OnConflict, *, locally: bool
) -> None:
    original, without = CONFIG + "# why\na: 1\n", CONFIG + "a: 1\n"
    between = CONFIG + "# why\nnew: 1\na: 1\n"
    sides = (between, without) if locally else (without, between)
    text, conflicts = merged(original, *sides, on_conflict=choice)
    assert "new: 1" in text
    assert ("# why" in text) == (locally == (choice == "ours"))
    assert [(item.field, item.reason) for item in conflicts] == [("new#comment", _REASON)]


def test_a_comment_moved_between_plain_fields_is_no_other_case() -> None:
    sides = [CONFIG + text for text in ("# why\na: 1\nb: 1\n", "a: 1\nb: 1\n", "a: 1\n# why\nb: 1\n")]
    text, conflicts = merged(*sides)
    assert text == sides[1]
    assert [item.field for item in conflicts] == ["b#comment"]


def test_a_comment_that_nobody_removed_moves_with_its_entry() -> None:
    assert "    # why\n    name: a\n" in quiet(_KEY_BEFORE, _KEY_BEFORE.replace("count: 1", "count: 2"), _KEY_BEFORE)
    moved = quiet(_ITEM, _ITEM.replace("count: 1", "count: 2"), _KEY_BEFORE)
    assert moved.count("# why") == 1


def test_another_copy_of_a_removed_comment_is_an_addition() -> None:
    original = CONFIG + "# same\na: 1\nb: 1\n"
    upstream = original.replace("b: 1", "# same\nb: 1")
    assert quiet(original, CONFIG + "a: 1\nb: 1\n", upstream) == CONFIG + "a: 1\n# same\nb: 1\n"


def test_a_comment_that_upstream_worded_anew_is_upstreams() -> None:
    text, conflicts = merged(_ITEM, _WITHOUT, _KEY_BEFORE.replace("# why", "# because"))
    assert "# because" in text
    assert not conflicts

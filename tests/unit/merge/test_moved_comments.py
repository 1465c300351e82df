"""A comment that one side removed does not come back because the other side has it at another entry now."""

from __future__ import annotations

import pytest

from porch.merge import OnConflict, merge
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


_LIST = WIDGET + "spec:\n  # why\n  size: 1\n  tags:\n  - x\n  - y\n"
_NO_WHY = _LIST.replace("  # why\n", "")
_IN_LIST = _NO_WHY.replace("  - y\n", "  # why\n  - y\n")
_AND_LONGER = _IN_LIST.replace("  - y\n", "  - y\n  - z\n")


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_one_that_moved_into_a_list_without_keys_is_a_conflict(choice: OnConflict) -> None:
    for local, upstream in ((_NO_WHY, _IN_LIST), (_IN_LIST, _NO_WHY)):
        text, conflicts = merged(_LIST, local, upstream, on_conflict=choice)
        assert text == (local if choice == "ours" else upstream)
        assert [(item.field, item.choice, item.reason) for item in conflicts] == [
            ("spec.tags#comment", choice, _REASON)
        ]


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_the_list_itself_is_not_given_up_for_it(choice: OnConflict) -> None:
    for local, upstream, kept in ((_NO_WHY, _AND_LONGER, "theirs"), (_AND_LONGER, _NO_WHY, "ours")):
        text, conflicts = merged(_LIST, local, upstream, on_conflict=choice)
        assert text == _AND_LONGER
        assert [(item.field, item.choice, item.reason) for item in conflicts] == [("spec.tags#comment", kept, _REASON)]


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_one_within_a_field_that_is_new_comes_with_it_and_is_told(choice: OnConflict) -> None:
    new = _NO_WHY + "  new:\n    # why\n    deep: 1\n"
    text, conflicts = merged(_LIST, _NO_WHY, new, on_conflict=choice)
    assert text == new
    assert [(item.field, item.choice, item.reason) for item in conflicts] == [("spec.new#comment", "theirs", _REASON)]


def _documents(first: str, second: str) -> str:
    return CONFIG + first + "---\n" + CONFIG.replace("name: c", "name: d") + second


_APART = (
    _documents("# why\na: 1\n", "b: 1\n"),
    _documents("a: 1\n", "b: 1\n"),
    _documents("a: 1\n", "# why\nb: 1\n"),
)


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_one_that_moved_to_another_document_is_a_conflict(choice: OnConflict) -> None:
    original, without, elsewhere = _APART
    for local, upstream in ((without, elsewhere), (elsewhere, without)):
        text, conflicts = merged(original, local, upstream, on_conflict=choice)
        assert text == (local if choice == "ours" else upstream)
        assert [(item.field, item.choice, item.reason) for item in conflicts] == [("b#comment", choice, _REASON)]


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_so_is_one_that_moved_to_another_file(choice: OnConflict) -> None:
    originals, without, elsewhere = (
        dict(zip(("a.yaml", "b.yaml"), text.encode().split(b"---\n"), strict=True)) for text in _APART
    )
    for local, upstream in ((without, elsewhere), (elsewhere, without)):
        result = merge(originals, local, upstream, on_conflict=choice)
        assert result.files == (local if choice == "ours" else upstream)
        assert [(item.file, item.field, item.reason) for item in result.conflicts] == [("b.yaml", "b#comment", _REASON)]


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_one_in_a_new_document_or_file_comes_with_it_and_is_told(choice: OnConflict) -> None:
    document = CONFIG.replace("name: c", "name: e") + "# why\nnew: 1\n"
    original, local = CONFIG + "# why\na: 1\n", CONFIG + "a: 1\n"
    text, conflicts = merged(original, local, f"{local}---\n{document}", on_conflict=choice)
    assert text == f"{local}---\n{document}"
    assert [(item.choice, item.reason) for item in conflicts] == [("theirs", _REASON)]
    old, new = {"a.yaml": local.encode()}, {"a.yaml": local.encode(), "n.yaml": document.encode()}
    result = merge({"a.yaml": original.encode()}, old, new, on_conflict=choice)
    assert result.files == new
    assert [(item.file, item.choice, item.reason) for item in result.conflicts] == [("n.yaml", "theirs", _REASON)]


def test_what_upstream_commented_in_a_field_that_was_deleted_locally_is_a_conflict() -> None:
    sides = [CONFIG + text for text in ("a: 1\nb: 1\n", "a: 1\n", "a: 1\n# why\nb: 1\n")]
    text, conflicts = merged(*sides)
    assert text == sides[1]
    assert [(item.field, item.reason) for item in conflicts] == [("b", "deleted locally, changed upstream")]


def test_a_comment_between_documents_is_not_lost_with_the_one_below_it() -> None:
    first, second = CONFIG + "a: 1\n", CONFIG.replace("name: c", "name: d") + "b: 1\n"
    plain, commented = f"{first}---\n{second}", f"{first}---\n# why\n---\n{second}"
    for local, upstream in ((commented, first), (first, commented)):
        text, conflicts = merged(plain, local, upstream)
        assert text == local
        assert len(conflicts) == 1

"""Comments and field order after a function that kept neither. `make restore-differential` compares many with Go."""

import pytest

from porch.kyaml import emit, parse
from porch.render.restore import CannotRestore, restore


def restored(before: str, after: str) -> str:
    new = parse(after)[0]
    restore(parse(before)[0], new)
    return emit(new)


def test_comments_come_back_and_new_fields_last() -> None:
    before = "# top\na: 1 # one\n# above\nb: # behind\n  # in\n  c: 2\n  # below c\n\n  d: [x] # list\n"
    after = "b:\n  d: [x]\n  new: 0\n  c: 3\nnew: 1\na: 1\n"
    assert restored(before, after) == (
        "# top\na: 1 # one\n# above\nb: # behind\n  # in\n  c: 3\n  # below c\n\n  d: [x] # list\n  new: 0\nnew: 1\n"
    )


def test_a_comment_that_the_function_wrote_stays() -> None:
    assert restored("a: 1 # old\n", "a: 1 # new\n") == "a: 1 # new\n"


def test_items_of_lists_go_by_place_while_they_are_the_same() -> None:
    assert restored("a:\n- x # one\n- y # two\n", "a:\n- x\n- z\n") == "a:\n- x # one\n- z\n"


def test_containers_go_by_name_too() -> None:
    head = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
    before = head + "  - name: web # the site\n    image: i # pinned\n"
    after = head + "  - name: proxy\n  - image: i\n    name: web\n"
    assert "- name: proxy # the site\n  - image: i # pinned\n    name: web # the site\n" in restored(before, after)


def test_folded_text_becomes_quoted_text() -> None:
    assert restored("a: >\n  x\n  y\n", "a: >\n  x\n  y\n") == 'a: "x y\\n"\n'


@pytest.mark.parametrize(
    ("before", "after"), [("a: {b: c}\n", "a: x\n"), ("a: x\n", "a: [x]\n"), ("a: [x]\n", "a: {}\n")]
)
def test_another_kind_of_node_is_refused(before: str, after: str) -> None:
    with pytest.raises(CannotRestore, match="wrong node kind: expected"):
        restored(before, after)


def test_null_stands_beside_anything() -> None:
    assert restored("a: null # nothing\n", "a: {b: c}\n") == "a: {b: c} # nothing\n"

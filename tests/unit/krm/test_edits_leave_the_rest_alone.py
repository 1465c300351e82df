"""An edit changes its value and nothing else, byte for byte; an odd layout keeps at least its meaning."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.krm.edit import Text
from porch.krm.errors import YamlError
from porch.krm.places import Path, put

BEFORE = """\
# head

a:   1   # one
m:  # the map
    # first
    x: 'q'  # keep


    y: |
      text

    # after y
l:
- one   # 1
# between
- k: v
  w: 2
e:
f: {p: 1, q: [2]}   # flow
# foot
"""


def edited(text: str, path: Path, value: Any, **options: Any) -> str:
    editor = Text(text)
    editor.set(path, value, **options)
    return editor.text


def removed(text: str, path: Path) -> str:
    editor = Text(text)
    editor.remove(path)
    return editor.text


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("a",), 2, "a:   1   # one", "a:   2   # one"),
        (("a",), "x: y", "a:   1   # one", "a:   'x: y'   # one"),
        (("a",), {"b": [1]}, "a:   1   # one\n", "a:   # one\n  b:\n    - 1\n"),
        (("a",), "x\ny\n", "a:   1   # one\n", "a:   |   # one\n  x\n  y\n"),
        (("m", "x"), "z", "x: 'q'  # keep", "x: z  # keep"),
        (("m", "y"), "z", "y: |\n      text\n\n", "y: z\n\n"),
        (("l", 0), "two", "- one   # 1", "- two"),
        (("l", 1, "w"), 3, "w: 2", "w: 3"),
        (("l", 1, "z"), 3, "  w: 2\n", "  w: 2\n  z: 3\n"),
        (("l", 2), {"k": "z", "v": 1}, "  w: 2\n", "  w: 2\n- k: z\n  v: 1\n"),
        (("e",), "x", "e:\n", "e: x\n"),
        (("e",), ["x"], "e:\n", "e:\n  - x\n"),
        (("f",), 1, "{p: 1, q: [2]}   # flow", "1   # flow"),
        (("f", "p"), 2, "f: {p: 1, q: [2]}   # flow\n", "f:   # flow\n  p: 2\n  q:\n    - 2\n"),
        (("z",), 1, "# flow\n", "# flow\nz: 1\n"),
        (("m",), 1, "m:  # the map", "m: 1  # the map"),
    ],
)
def test_setting_a_value_touches_only_its_lines(path: Path, value: Any, old: str, new: str) -> None:
    assert BEFORE.count(old) == 1
    after = edited(BEFORE, path, value)
    if path == ("m",):  # the lines of the map go with it
        assert after == BEFORE.replace(old, new).replace("    x: 'q'  # keep\n\n\n    y: |\n      text\n", "")
    else:
        assert after == BEFORE.replace(old, new)


@pytest.mark.parametrize(
    ("path", "old"),
    [
        (("a",), "a:   1   # one\n"),
        (("m", "x"), "    x: 'q'  # keep\n"),
        (("m", "y"), "    y: |\n      text\n"),
        (("l", 0), "- one   # 1\n"),
        (("l", 1), "- k: v\n  w: 2\n"),
        (("l", 1, "w"), "  w: 2\n"),
        (("f",), "f: {p: 1, q: [2]}   # flow\n"),
    ],
)
def test_removing_a_value_removes_only_its_lines(path: Path, old: str) -> None:
    assert removed(BEFORE, path) == BEFORE.replace(old, "")


def test_an_emptied_collection_stays_as_an_empty_one() -> None:
    assert removed("a:\n  b: 1\nc: 2\n", ("a", "b")) == "a: {}\nc: 2\n"


def test_setting_what_is_there_changes_nothing() -> None:
    assert edited(BEFORE, ("m", "x"), "q") == BEFORE


def test_a_new_key_takes_its_place_in_the_order() -> None:
    assert edited("a: 1\n# c\nc: 3\n", ("b",), 2, order=("a", "b", "c")) == "a: 1\nb: 2\n# c\nc: 3\n"
    assert edited("# c\nc: 3\n", ("b",), 2, order=("a", "b", "c")) == "# c\nb: 2\nc: 3\n"


def test_line_ends_are_kept() -> None:
    assert edited("a: 1\r\nb:\r\n- x\r\n", ("c",), ["z"]) == "a: 1\r\nb:\r\n- x\r\nc:\r\n  - z\r\n"


def test_a_missing_final_line_break_is_added_where_text_follows() -> None:
    assert edited("a: 1", ("b",), 2) == "a: 1\nb: 2\n"
    assert edited("a: 1", ("a",), 2) == "a: 2"


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("{a: 1, b: {c: 2}}", ("b", "c"), 3),
        ("a: &x {b: 1}\nc: *x\n", ("a", "b"), 2),
        ("a: &x\n  b: 1\nc:\n  <<: *x\n  d: 2\n", ("c", "d"), 3),
        ("? a\n: 1\n", ("a",), 2),
        ("a:\n  - - 1\n    - 2\n", ("a", 0, 1), 3),
        ("a: |+\n  x\n\n", ("b",), 1),
        ("a: 'x\n  y'\nb: 1\n", ("a",), "z"),
        ("a: 1\rb: 2\r", ("b",), 3),
        ("--- {a: 1}\n", ("b",), 3),
        ("---\na: 1\n...\n", ("b",), 3),
    ],
)
def test_odd_layouts_keep_their_meaning(text: str, path: Path, value: Any) -> None:
    wanted = copy.deepcopy(Text(text).value)
    put(wanted, path, value)
    assert Text(edited(text, path, value)).value == wanted


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "a: 1\n---\nb: 2\n", "a: [\n"])
def test_only_one_mapping_can_be_edited(text: str) -> None:
    with pytest.raises(YamlError):
        Text(text)


WORDS = st.sampled_from(["x", "yes", "a b", "1", "", "a: b", "'", "é"])
COMMENTS = st.sampled_from(["", "", "# note", "  # deep note", "#"])
KEYS = ["k1", "k2", "k3", "k4"]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A two-level mapping with comments and blank lines, in changing indentation and quoting."""
    lines = [draw(COMMENTS)]
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True)):
        indent = " " * draw(st.integers(1, 5))
        lines.append(f"{key}:{draw(st.sampled_from(['', ' ', '  # c']))}")
        for inner in draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True)):
            lines.append(draw(st.sampled_from(["", f"{indent}# inner"])))
            quoted = '"' + draw(WORDS).replace('"', "") + '"'
            lines.append(f"{indent}{inner}:  {quoted}{draw(st.sampled_from(['', ' # tail', '   ']))}")
        lines.append(draw(COMMENTS))
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(documents(), st.sampled_from(KEYS), st.sampled_from(KEYS), WORDS | st.lists(WORDS, max_size=2))
def test_all_other_lines_stay(text: str, outer: str, inner: str, value: Any) -> None:
    editor = Text(text)
    path = (outer, inner) if isinstance(editor.get(outer), dict) else (outer,)
    touched = editor.get(*path) is not None
    wanted = copy.deepcopy(editor.value)
    put(wanted, path, value)
    editor.set(path, value)
    assert Text(editor.text).value == wanted
    lost = [line for line in text.splitlines() if line not in set(editor.text.splitlines())]
    assert len(lost) <= (1 if touched else 0)
    assert remaining(text, lost, editor.text)


def remaining(text: str, lost: list[str], after: str) -> bool:
    """Whether the lines that were not lost stand in `after` in the same order."""
    lines = iter(after.splitlines())
    return all(line in lines for line in text.splitlines() if line not in lost)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(documents(), st.data())
def test_removing_one_key_keeps_all_other_lines(text: str, data: st.DataObject) -> None:
    editor = Text(text)
    outer = data.draw(st.sampled_from(sorted(editor.value)))
    inner = data.draw(st.sampled_from(sorted(editor.value[outer])))
    wanted = copy.deepcopy(editor.value)
    del wanted[outer][inner]
    single = not wanted[outer]
    editor.remove((outer, inner))
    assert Text(editor.text).value == wanted
    lost = [line for line in text.splitlines() if line not in set(editor.text.splitlines())]
    assert len(lost) <= (len(text.splitlines()) if single else 1)

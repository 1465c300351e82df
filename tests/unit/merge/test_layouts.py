"""However a document is written, edits go into it as it is; what no edit fits into is said to be so."""

from __future__ import annotations

import pytest

from tests.unit.merge.building import CONFIG, WIDGET, merged, quiet

_LAYOUTS = {
    "anchors and merge keys": (
        (
            "b: &b {x: 1}\nc:\n  <<: *b\n  y: 1\n",
            "b: &b {x: 1}\nc:\n  <<: *b\n  y: 2\n",
            "b: &b {x: 2}\nc:\n  <<: *b\n  y: 1\n",
        ),
        "b: &b {x: 2}\nc:\n  <<: *b\n  y: 2\n",
    ),
    "tags": (
        ("a: !!str 1\nb: 1\n", "a: !!str 2\nb: 1\n", "a: !!str 1\nb: !!int '3'\nc: !custom {a: b}\n"),
        "a: !!str 2\nb: !!int '3'\nc: !custom {a: b}\n",
    ),
    "words of several lines": (
        (
            'a: one\n  two\nb: "x\n  y"\nc: 1\n',
            'a: one\n  two\nb: "x\n  y"\nc: 2\n',
            'a: one\n  three\nb: "x\n  z"\nc: 1\n',
        ),
        'a: one\n  three\nb: "x\n  z"\nc: 2\n',
    ),
    "lists in lists": (
        ("a:\n- - 1\n  - 2\n- - 3\n", "a:\n- - 1\n  - 2\n- - 4\nl: 1\n", "a:\n- - 1\n  - 2\n- - 3\nu: 1\n"),
        "a:\n- - 1\n  - 2\n- - 4\nl: 1\nu: 1\n",
    ),
    "values below their key": (
        ("a:\n  # c\n  word\nb: 1\n", "a:\n  # c\n  word\nb: 2\n", "a:\n  # d\n  other\nb: 1\n"),
        "a:\n  # d\n  other\nb: 2\n",
    ),
    "empty values": (("a:\nb:\nc: 1\n", "a: x\nb:\nc: 2\n", "a:\nb: y\nc: 1\nd:\n"), "a: x\nb: y\nc: 2\nd:\n"),
    "no line break at the end": (("a: 1\nb: 1", "a: 2\nb: 1", "a: 1\nb: 2\nc: 3"), "a: 2\nb: 2\nc: 3"),
    "dashes on lines of their own": (
        (
            "p:\n-\n  name: a\n  v: 1\n- # c\n  name: b\n  v: 1\n",
            "p:\n-\n  name: a\n  v: 2\n- # c\n  name: b\n  v: 1\n",
            "p:\n-\n  name: a\n  v: 1\n- # d\n  name: b\n  v: 2\n- name: c\n",
        ),
        "p:\n-\n  name: a\n  v: 2\n- # d\n  name: b\n  v: 2\n- name: c\n",
    ),
    "the first key of an item goes": (
        (
            "p:\n- z: 1\n  name: a\n  v: 1\n",
            "p:\n- z: 1\n  name: a\n  v: 2\n",
            "p:\n- name: a\n  # hey\n  v: 1\n  q: 1\n",
        ),
        "p:\n- name: a\n  # hey\n  v: 2\n  q: 1\n",
    ),
    "the first key of an item goes, the second is commented": (
        (
            "p:\n- z: 1\n  # n\n  name: a\n  v: 1\n",
            "p:\n- z: 1\n  # n\n  name: a\n  v: 2\n",
            "p:\n# n\n- name: a\n  v: 1\n",
        ),
        "p:\n# n\n- name: a\n  v: 2\n",
    ),
    "quoted keys, flow style over lines": (
        ("'q''k': 1\nz: {a: 1}\n", "'q''k': 2\nz: {a: 1,\n  b: 2}\n", "'q''k': 1\nz: {a: 2}\n"),
        "'q''k': 2\nz: {a: 2, b: 2}\n",
    ),
    "a flow item between blocks": (
        ("p:\n- name: a\n  v: 1\n", "p:\n- name: a\n  v: 2\n", "p: [{name: b, v: {w: x}}, {name: a, v: 1, u: y}]\n"),
        "p:\n- {name: b, v: {w: x}}\n- name: a\n  v: 2\n  u: y\n",
    ),
    "a block in place of flow": (
        ("s: {a: 1}\nk: 1\n", "s: {a: 1}\nk: 2\n", "s:\n  # why\n  a:\n  - 1\nk: 1\n"),
        "s:\n  # why\n  a:\n  - 1\nk: 2\n",
    ),
}


@pytest.mark.parametrize("name", _LAYOUTS)
def test_edits_fit_in(name: str) -> None:
    sides, expected = _LAYOUTS[name]
    assert quiet(*(WIDGET + side for side in sides)) == WIDGET + expected


def test_a_comment_within_flow_style_makes_it_one_value() -> None:
    sides = [CONFIG + f"s: {{a: {a}, # c\n  b: {b}}}\nk: {k}\n" for a, b, k in ((1, 1, 1), (1, 2, 2), (2, 1, 1))]
    text, conflicts = merged(*sides)
    assert text == sides[1]
    assert [item.field for item in conflicts] == ["s"]


def test_a_number_that_json_has_no_place_for_makes_the_resource_one_value() -> None:
    sides = [CONFIG + f"a: .inf\nb: {value}\nc: [{value}]\n" for value in (1, 2, 3)]
    text, conflicts = merged(*sides)
    assert text == sides[1]
    assert [(item.field, item.resource) for item in conflicts] == [("", "ConfigMap/c")]

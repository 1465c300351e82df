"""Nodes packed as bytes and copied: the same text, the same lines, and aliases that stand for the copies."""

from __future__ import annotations

import pickle

import pytest

from porch.kyaml import Node, copy, emit, pack, parse, to_bytes, unpack, walk

PLAIN = "# above\na: 1 # behind\nb:\n- 'x'\n- {c: [d, \"e\"]}\n"
ALIASED = "a: &here\n  b: 1\nc: *here\n"


@pytest.mark.parametrize("text", [PLAIN, ALIASED, "alias: alias\n", 'a: &x "1"\nb: !!str 2\nc: ~\n'])
def test_what_comes_back_is_the_same_text_on_the_same_lines(text: str) -> None:
    nodes = parse(text)
    rows = [node.row for node in walk(nodes[0])]
    for made in (unpack(pack(nodes))[0], copy(nodes[0]), pickle.loads(pickle.dumps(nodes[0]))):
        assert emit(made) == emit(nodes[0])
        assert [node.row for node in walk(made)] == rows
        assert made is not nodes[0]


@pytest.mark.parametrize("make", [copy, lambda node: unpack(pack([node]))[0]])
def test_an_alias_stands_for_the_copied_anchor(make: object) -> None:
    made = make(parse(ALIASED)[0])  # type: ignore[operator]
    assert made.content[3].target is made.content[1]


def test_an_alias_of_an_anchor_outside_goes_on_standing_for_it() -> None:
    root = parse(ALIASED)[0]
    assert copy(root.content[3]).target is root.content[1]


def test_bytes_are_equal_for_what_is_written_alike() -> None:
    assert to_bytes(parse(PLAIN)[0]) == to_bytes(parse("\n\n" + PLAIN)[0])
    assert to_bytes(parse(PLAIN)[0]) != to_bytes(parse(PLAIN.replace("# behind", "# before"))[0])
    assert to_bytes(parse("a: 1\n")[0]) != to_bytes(parse("a: '1'\n")[0])


def test_half_a_surrogate_pair_can_be_packed() -> None:
    node = Node("scalar", "!!str", "\ud800")
    assert unpack(pack([node]))[0].value == "\ud800"
    assert to_bytes(node)
    assert copy(node).value == "\ud800"


def test_nobody_can_put_something_into_a_scalar() -> None:
    [made] = unpack(pack([Node("scalar", "!!str", "x")]))
    with pytest.raises(AttributeError):
        made.content.append(made)

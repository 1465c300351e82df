"""`.krmignore` follows .gitignore."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from porch.render.ignore import Ignored


def ignored(path: str, *rules: str, at: str = ".krmignore") -> bool:
    return Ignored({at: "\n".join(rules).encode()}).matches(path)


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("a.yaml", "a.yaml"),
        ("a.yaml", "x/y/a.yaml"),
        ("*.yaml", "x/a.yaml"),
        ("a?.yaml", "ab.yaml"),
        ("[ab].yaml", "b.yaml"),
        ("/a.yaml", "a.yaml"),
        ("x/a.yaml", "x/a.yaml"),
        ("x/", "x/y/a.yaml"),
        ("x", "x/y/a.yaml"),
        ("**/a.yaml", "a.yaml"),
        ("x/**", "x/y/a.yaml"),
        ("x/**/a.yaml", "x/a.yaml"),
        ("x/**/a.yaml", "x/y/z/a.yaml"),
        ("a.yaml   ", "a.yaml"),
        ("\\#a.yaml", "#a.yaml"),
    ],
)
def test_a_rule_names_the_path(rule: str, path: str) -> None:
    assert ignored(path, rule)


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("a.yaml", "b.yaml"),
        ("/a.yaml", "x/a.yaml"),
        ("x/a.yaml", "y/x/a.yaml"),
        ("*.yaml", "a.yml"),
        ("x*", "y/ax"),
        ("a.yaml/", "a.yaml"),
        ("x/*", "x"),
        ("# a.yaml", "a.yaml"),
        ("", "a.yaml"),
        ("/", "a.yaml"),
    ],
)
def test_a_rule_leaves_the_path_alone(rule: str, path: str) -> None:
    assert not ignored(path, rule)


def test_later_rules_win() -> None:
    assert not ignored("a.yaml", "*.yaml", "!a.yaml")
    assert ignored("a.yaml", "!a.yaml", "*.yaml")


def test_a_file_in_a_directory_knows_only_what_is_below() -> None:
    assert ignored("x/a.yaml", "a.yaml", at="x/.krmignore")
    assert not ignored("a.yaml", "a.yaml", at="x/.krmignore")


def test_hostile_patterns_cannot_run_away() -> None:
    path = "/".join(["a" * 200] * 19) + "/c"
    assert steps_of(lambda: ignored(path, "*a" * 100 + "b", "**/" * 200 + "z")) < 1_000_000


def steps_of(work: Callable[[], bool]) -> int:
    """Lines of Python that are run until it says no: that does not depend on how busy the machine is."""
    count = 0

    def trace(_frame: FrameType, event: str, _value: object) -> Callable[..., Any]:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assert not work()
    finally:
        sys.settrace(before)
    return count

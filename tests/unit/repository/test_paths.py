"""Which paths a package may hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.repository.git.paths import collisions, path_problem

SEGMENT = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    "path",
    [
        "Kptfile",
        "a/b/c.yaml",
        ".gitignore",
        ".github/x",
        "a b",
        "\u00e9/\u4e2d",
        "...",
        "git",
        "x" * 255,
        ".gitmodules",
    ],
)
def test_ordinary_paths_are_fine(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("", "empty"),
        ("/etc/passwd", "relative"),
        ("..", "'..'"),
        ("a/../b", "'..'"),
        ("./a", "'.'"),
        ("a//b", "empty segments"),
        ("a/", "empty segments"),
        ("a\\b", "separate"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("\x7f", "control"),
        ("x" * 256, "255 bytes"),
        ("x/" * 2048 + "y", "4096 bytes"),
        ("x/" * 150 + "y", "deeper"),
        ("\ud800", "Unicode"),
        (".git", ".git"),
        ("a/.GIT/config", ".git"),
        (".git ", ".git"),
        (".git. .", ".git"),
        (".git::$INDEX_ALLOCATION", ".git"),
        ("git~1/x", ".git"),
        ("GIT~2", ".git"),
        (".g\u200cit/x", ".git"),
        ("\ufeff.git", ".git"),
    ],
)
def test_dangerous_paths_are_told_apart(path: str, word: str) -> None:
    problem = path_problem(path)
    assert problem is not None
    assert word in problem


@given(st.text(max_size=40))
@settings(derandomize=True, max_examples=300)
def test_any_text_gets_an_answer(path: str) -> None:
    problem = path_problem(path)
    if problem is None:
        assert path
        assert not {"", ".", ".."} & set(path.split("/"))


@given(st.sets(st.lists(SEGMENT, min_size=1, max_size=3).map("/".join), max_size=12))
@settings(derandomize=True, max_examples=200)
def test_a_set_without_collisions_fits_a_file_system_that_ignores_case(paths: set[str]) -> None:
    if collisions(paths):
        return
    files = {path.casefold() for path in paths}
    assert len(files) == len(paths)
    assert not any(other.startswith(f"{path}/") for path in files for other in files)


def test_a_file_cannot_be_a_directory_too() -> None:
    assert collisions(["a", "a/b"]) == {"a/b": "'a' cannot be a file and a directory at once"}


def test_paths_that_differ_in_case_only_collide() -> None:
    assert set(collisions(["Readme", "README"])) == {"Readme"}
    assert set(collisions(["a/x", "A/y"])) == {"a/x"}


def test_what_a_package_has_already_may_differ_in_case() -> None:
    known = {"Readme", "README"}
    assert collisions(known, known) == {}
    assert set(collisions([*known, "readme"], known)) == {"readme"}

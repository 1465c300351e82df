"""Which paths a file of a package may have, and which may stand side by side."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.krm.paths import collisions, path_problem

SEGMENT = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)


@pytest.mark.parametrize(
    "path",
    [
        "Kptfile",
        "a/b/c.yaml",
        ".krmignore",
        ".gitignore",
        ".gitmodules",
        ".github/x",
        "gitx",
        "git",
        "...",
        "a b",
        "ü/😀.txt",
        "x" * 255,
    ],
)
def test_ordinary_paths_are_fine(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "must not be empty"),
        ("/a", "relative"),
        ("a//b", "empty segments"),
        ("a/", "empty segments"),
        (".", "stay inside"),
        ("../x", "stay inside"),
        ("a/../b", "stay inside"),
        ("a/./b", "stay inside"),
        ("a\\b", "separated by '/'"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x7f", "control"),
        ("a\x85", "control"),
        ("\ud800", "surrogate"),
        ("x" * 256, "255 bytes"),
        ("é" * 128, "255 bytes"),
        ("a/" * 2048 + "b", "4096 bytes"),
        ("a/" * 100 + "b", "100 directories"),
        (".git", "keeps for itself"),
        (".GIT/config", "keeps for itself"),
        ("a/.Git/hooks", "keeps for itself"),
        (".git ", "keeps for itself"),
        (".git...", "keeps for itself"),
        (".git. .", "keeps for itself"),
        (".git::$INDEX_ALLOCATION", "keeps for itself"),
        ("GIT~1/x", "keeps for itself"),
        ("git~2", "keeps for itself"),
        (".g\u200cit", "keeps for itself"),
        ("\ufeff.git", "keeps for itself"),
    ],
)
def test_hostile_paths_are_refused_with_a_reason(path: str, words: str) -> None:
    assert words in (path_problem(path) or "")


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
    if list(collisions(paths)):
        return
    files = {path.casefold() for path in paths}
    assert len(files) == len(paths)
    assert not any(other.startswith(f"{path}/") for path in files for other in files)


def test_a_file_cannot_also_be_a_directory() -> None:
    assert list(collisions(["a", "b/c", "a/b/c"])) == [("a/b/c", "'a' is a file already, so it cannot be a directory")]


def test_paths_cannot_differ_in_case_only() -> None:
    ((path, why),) = collisions(["README.md", "readme.md", "x"])
    assert path == "readme.md"
    assert "only in letter case" in why
    assert [path for path, _ in collisions(["a/x", "A/y"])] == ["a/x"]


def test_paths_cannot_differ_in_the_composition_of_letters_only() -> None:
    assert len(list(collisions(["\u00e9", "e\u0301"]))) == 1


def test_what_a_package_has_already_may_differ_in_case() -> None:
    known = {"Readme", "README", "a/x", "A/x"}
    assert list(collisions(known, known)) == []
    assert [path for path, _ in collisions([*known, "readme", "a/y"], known)] == ["readme"]


def test_a_name_of_git_that_is_no_text_can_be_told() -> None:
    ((path, why),) = collisions(["\udcff", "\udcff/x"])
    assert path == "\udcff/x"
    assert "'\\xff' is a file already" in why

"""Which paths a file of a package may have."""

import pytest

from porch.krm.paths import collisions, path_problem


@pytest.mark.parametrize(
    "path", ["Kptfile", "a/b.yaml", ".krmignore", "gitx", ".gitignore", "a b", "ü/😀.txt", "x" * 255]
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
        (".git", "keeps for itself"),
        (".GIT/config", "keeps for itself"),
        ("a/.Git/hooks", "keeps for itself"),
        (".git ", "keeps for itself"),
        (".git...", "keeps for itself"),
        (".git::$INDEX_ALLOCATION", "keeps for itself"),
        ("GIT~1/x", "keeps for itself"),
        (".g\u200cit", "keeps for itself"),
        ("\ufeff.git", "keeps for itself"),
    ],
)
def test_hostile_paths_are_refused_with_a_reason(path: str, words: str) -> None:
    assert words in (path_problem(path) or "")


def test_a_file_cannot_also_be_a_directory() -> None:
    assert list(collisions(["a", "b/c", "a/b/c"])) == [("a/b/c", "'a' is a file already, so it cannot be a directory")]


def test_paths_cannot_differ_in_case_only() -> None:
    ((path, why),) = collisions(["README.md", "readme.md", "x"])
    assert path == "readme.md"
    assert "only in letter case" in why

"""What a package revision is called, and upstream's words for names that cannot be."""

from __future__ import annotations

import pytest

from porch.keys import (
    LABEL_RULE,
    PackageKey,
    RepositoryKey,
    RevisionKey,
    directory_problems,
    join_path,
    label_problems,
    revision_name_problems,
    revision_uid,
)


def _key(repository: str, path: str, workspace: str) -> RevisionKey:
    return RevisionKey(PackageKey(RepositoryKey("default", repository), path), workspace)


def test_a_name_is_repository_path_and_workspace() -> None:
    key = _key("blueprints", "net/core/amf", "v1")
    assert (key.name, key.dashed_name) == ("blueprints.net.core.amf.v1", "blueprints-net-core-amf-v1")
    assert key.package.name == "blueprints.net.core.amf"


def test_the_uid_is_the_one_that_upstream_gives() -> None:
    assert revision_uid("default", "catalog.base.v1") == "ee906ce6-0492-5d2a-9d53-8ba42a49d34a"
    assert revision_uid("Default", "Catalog.base.v1") == revision_uid("default", "catalog.base.v1")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("a-1", []),
        ("a.b", ["must not contain dots"]),
        ("A", [LABEL_RULE]),
        ("", [LABEL_RULE]),
        ("a" * 64, ["must be no more than 63 characters"]),
    ],
)
def test_labels(text: str, problems: list[str]) -> None:
    assert label_problems(text) == problems


def test_directories_are_judged_without_their_slashes() -> None:
    assert directory_problems("/a/b/", mandatory=True) == []
    assert directory_problems("a//b", mandatory=True) == ["consecutive '/' characters are not allowed"]
    assert directory_problems("/", mandatory=False) == []
    assert directory_problems("", mandatory=True) == [LABEL_RULE]


def test_the_text_of_a_bad_name_lists_its_bad_parts() -> None:
    assert revision_name_problems(_key("a", "b/c", "d")) == ""
    assert revision_name_problems(_key("a", "a-/-b", "V")) == (
        "package revision kubernetes resource name invalid:\n"
        'package path part "a-" of object name invalid\n'
        f"path a- invalid: {LABEL_RULE}\n"
        'package name part "-b" of object name invalid\n'
        f"package name -b invalid: {LABEL_RULE}\n"
        'workspace name part "V" of package revision name invalid\n'
        f"workspace name V invalid: {LABEL_RULE}\n"
    )


def test_paths_are_joined_without_empty_segments() -> None:
    assert join_path("/teams/", "a//b", "") == "teams/a/b"

"""Names of generated keys: what upstream's rules make of them, written down here once more."""

from __future__ import annotations

import re
import uuid

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from porch.keys import (
    PackageKey,
    RepositoryKey,
    RevisionKey,
    join_path,
    revision_name_problems,
    revision_uid,
    subdomain_problems,
)
from porch.repository.git.refnames import branch_workspace, revision_number

LABELS = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(r"v[0-9]{1,2}(\.[0-9]{1,2}){0,2}", fullmatch=True)
PATHS = st.lists(LABELS, min_size=1, max_size=4).map("/".join)
KEYS = st.builds(
    lambda repository, path, workspace: RevisionKey(PackageKey(RepositoryKey("default", repository), path), workspace),
    LABELS,
    PATHS,
    st.one_of(LABELS, VERSIONS),
)
_DOTTED = re.compile(r"\.v[0-9.]*[0-9]$")


def parsed(name: str) -> tuple[str, str, str]:
    """Repository, package path and workspace, as upstream parses a name back."""
    start = name.rindex(".v") if _DOTTED.search(name) else name.rindex(".")
    repository, *path = name[:start].split(".")
    return repository, "/".join(path), name[start + 1 :]


def is_misread(key: RevisionKey) -> bool:
    """Upstream takes `repo.v1.5` for workspace `v1.5`, though the package is `v1`; `repo.v.2.5` likewise."""
    like_a_version = re.search(r"(^|/)v[0-9]*(/[0-9]+)*$", key.package.path)
    return bool(like_a_version and re.fullmatch(r"[0-9]+", key.workspace))


@given(KEYS)
@settings(derandomize=True, max_examples=2000)
def test_upstream_reads_our_names_as_we_mean_them(key: RevisionKey) -> None:
    assume(not is_misread(key))
    assert parsed(key.name) == (key.package.repository.name, key.package.path, key.workspace)


@given(KEYS, KEYS)
@settings(derandomize=True, max_examples=500)
def test_two_keys_have_two_names_and_uids(one: RevisionKey, other: RevisionKey) -> None:
    assume(not is_misread(one))
    assume(not is_misread(other))
    assert (one == other) == (one.name == other.name)
    assert (one == other) == (revision_uid("default", one.name) == revision_uid("default", other.name))


@given(KEYS)
@settings(derandomize=True, max_examples=200)
def test_a_good_name_has_no_problems_and_a_version_5_uid(key: RevisionKey) -> None:
    assume("." not in key.workspace)
    assume(len(key.package.path.rpartition("/")[0].replace("/", "")) <= 63)
    assume(not any(part.endswith("-") for part in key.package.path.split("/")))
    assert revision_name_problems(key) == ""
    assert uuid.UUID(revision_uid("default", key.name)).version == 5


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
@settings(derandomize=True, max_examples=300)
def test_no_part_of_a_name_is_too_odd(repository: str, path: str, workspace: str) -> None:
    key = RevisionKey(PackageKey(RepositoryKey("default", repository), path), workspace)
    assert isinstance(revision_name_problems(key), str)
    assert revision_uid("default", key.name) == revision_uid("DEFAULT", key.name.lower())


@given(st.lists(st.text("ab/", max_size=6), max_size=4))
@settings(derandomize=True, max_examples=300)
def test_joined_paths_have_no_empty_segments_and_join_again_alike(parts: list[str]) -> None:
    joined = join_path(*parts)
    assert joined == join_path(joined)
    assert not joined.startswith("/")
    assert "//" not in f"{joined}/"
    assert joined.replace("/", "") == "".join(parts).replace("/", "")


@given(st.integers(-(10**20), 10**20), st.sampled_from(["", "v", "+", "v+"]))
@settings(derandomize=True, max_examples=300)
def test_numbers_are_read_with_and_without_v(number: int, sign: str) -> None:
    wanted = number if 0 <= number < 10**18 else -1
    assert revision_number(f"{sign}{number}") == (wanted if number >= 0 or "+" not in sign else -1)


@given(st.text(max_size=8))
@settings(derandomize=True, max_examples=500)
def test_whatever_is_no_number_is_minus_one(text: str) -> None:
    assume(not re.fullmatch(r"v?[+-]?[0-9]+", text))
    assert revision_number(text) == -1


@given(st.text(max_size=12), LABELS)
@settings(derandomize=True, max_examples=300)
def test_a_branch_s_workspace_can_stand_in_a_name(text: str, label: str) -> None:
    workspace = branch_workspace(text)
    assert subdomain_problems(workspace) == []
    assert branch_workspace(workspace) == workspace
    assert branch_workspace(label) == label

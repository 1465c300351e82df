"""Which refs a push may move."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.gitserver.interface import Hosted
from porch.gitserver.pktline import ABSENT, Command
from porch.gitserver.rules import APPROVE, EDIT, refusal

OLD, NEW = "1" * 40, "2" * 40
WHOLE = Hosted(Path("/repository"))
SCOPED = Hosted(Path("/repository"), frozenset({"release", "main"}), frozenset({"net", "net/core"}))


def _create(ref: str) -> Command:
    return Command(ref, ABSENT, NEW)


def _update(ref: str) -> Command:
    return Command(ref, OLD, NEW)


def _delete(ref: str) -> Command:
    return Command(ref, OLD, ABSENT)


def _says(command: Command, facts: Hosted = WHOLE, *, may: tuple[str, ...] = (EDIT, APPROVE)) -> str:
    return refusal(command, facts, lambda permission: permission in may) or ""


@pytest.mark.parametrize("ref", ["refs/heads/drafts/pkg/v1", "refs/heads/proposed/a/b/c/v1", "refs/heads/topic"])
@pytest.mark.parametrize("change", [_create, _update, _delete])
def test_who_may_update_revisions_moves_drafts_proposals_and_other_branches(ref: str, change: object) -> None:
    assert callable(change)
    assert not _says(change(ref), may=(EDIT,))
    assert _says(change(ref), may=(APPROVE,)) == f"you may not update {EDIT} in this namespace"


@pytest.mark.parametrize(
    "command",
    [
        _update("refs/heads/main"),
        _create("refs/tags/pkg/v1"),
        _create("refs/tags/release-2024"),
        _create("refs/heads/deletionProposed/pkg/v1"),
        _delete("refs/heads/deletionProposed/pkg/v1"),
    ],
)
def test_what_is_published_needs_the_permission_to_approve(command: Command) -> None:
    assert not _says(command, may=(APPROVE,))
    assert _says(command, may=(EDIT,)) == f"you may not update {APPROVE} in this namespace"


@pytest.mark.parametrize("ref", ["refs/tags/pkg/v1", "refs/tags/anything"])
@pytest.mark.parametrize("old", [ABSENT, OLD])
def test_tags_never_move_or_go_away_whatever_the_client_believes(ref: str, old: str) -> None:
    assert "a tag never moves" in _says(Command(ref, old, ABSENT))
    assert ("a tag never moves" in _says(Command(ref, old, NEW))) == (old == OLD)


@pytest.mark.parametrize("ref", ["refs/tags/pkg/v0", "refs/tags/pkg/0"])
def test_there_is_no_revision_zero(ref: str) -> None:
    assert _says(_create(ref)) == "revisions are numbered from v1"


@pytest.mark.parametrize("branch", ["release", "main"])
def test_a_registered_branch_is_not_deleted(branch: str) -> None:
    assert "cannot be deleted" in _says(_delete(f"refs/heads/{branch}"), SCOPED)
    assert not _says(_update(f"refs/heads/{branch}"), SCOPED)


@pytest.mark.parametrize("ref", ["HEAD", "refs/notes/commits", "refs/heads/", "refs/heads", "refs/x/y", "heads/a/b"])
def test_only_branches_and_tags_are_pushed(ref: str) -> None:
    assert _says(_create(ref)) == "only branches and tags can be pushed here"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("drafts/pkg", "it must be drafts/PACKAGE/WORKSPACE"),
        ("proposed/pkg", "it must be proposed/PACKAGE/WORKSPACE"),
        ("drafts/pkg/V1", 'workspace "V1": a lowercase RFC 1123 label'),
        ("drafts/pkg/v1.0", 'workspace "v1.0": must not contain dots'),
        ("drafts/pkg/" + "w" * 64, "must be no more than 63 characters"),
        ("drafts/My_Package/v1", 'package "My_Package": a lowercase RFC 1123 label'),
        ("drafts/a/-b/v1", 'package "a/-b": '),
        ("drafts//v1", "lacks a workspace"),
    ],
)
def test_a_draft_that_the_api_could_not_name_is_refused_but_can_be_deleted(name: str, why: str) -> None:
    assert why in _says(_create(f"refs/heads/{name}"))
    assert not _says(_delete(f"refs/heads/{name}"))


@pytest.mark.parametrize("name", ["net/ran/v1", "net/core/amf/v1", "net/core/v1"])
def test_drafts_lie_in_a_registered_directory(name: str) -> None:
    assert not _says(_create(f"refs/heads/drafts/{name}"), SCOPED)


@pytest.mark.parametrize("name", ["web/ran/v1", "network/ran/v1", "net/v1"])
def test_drafts_outside_of_every_registered_directory_are_refused(name: str) -> None:
    said = _says(_create(f"refs/heads/drafts/{name}"), SCOPED)
    assert "is outside of the directories of the registered Repositories: net, net/core" in said


@pytest.mark.parametrize("name", ["drafts", "proposed", "deletionProposed", "main/x", "release/x/y"])
def test_a_branch_does_not_stand_in_the_way_of_those_that_porch_makes(name: str) -> None:
    assert "stands in the way of" in _says(_create(f"refs/heads/{name}"), SCOPED)


@given(st.text(max_size=60), st.sampled_from([ABSENT, OLD]), st.sampled_from([ABSENT, NEW]))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_nobody_moves_anything_without_a_permission(ref: str, old: str, new: str) -> None:
    for prefix in ("", "refs/", "refs/heads/", "refs/tags/", "refs/heads/drafts/"):
        assert _says(Command(prefix + ref, old, new), may=())

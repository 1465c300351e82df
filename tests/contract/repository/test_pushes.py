"""Pushes that meet somebody else: moved refs, clashing names, several refs, and what `read_refs` then tells."""

from __future__ import annotations

import pytest

from porch.errors import Conflict
from porch.repository.git.annotations import RENDER
from porch.repository.interface import Plan
from porch.store import RefMove
from tests.contract.repository.conftest import ALICE, FILES, Place, create, plan_new

DRAFT_REF = "refs/heads/drafts/web/v1"


def refused(place: Place, plan: Plan) -> str:
    """A hosted repository knows at once, with a remote one it takes a look at the refs; nothing has moved."""
    before = place.refs()
    if place.kind == "hosted":
        with pytest.raises(Conflict) as caught:
            place.repository.push(plan)
        text = caught.value.message
    else:
        report = place.repository.push(plan)
        assert not report.accepted
        text = report.text
    assert place.refs() == before
    return text


def test_a_draft_that_somebody_else_moved_is_not_overwritten(place: Place) -> None:
    created = create(place.repository)
    draft = place.repository.open_package_revision_draft(created, ALICE)
    draft.update_resources({**FILES, "mine": b"mine"}, RENDER)
    foreign = place.foreign_commit(DRAFT_REF, {"web/Kptfile": "theirs"}, created.commit)
    assert DRAFT_REF in refused(place, place.repository.plan(draft))
    assert place.repository.read_refs([DRAFT_REF, "refs/heads/absent"]) == {DRAFT_REF: foreign}


def test_a_draft_that_somebody_else_made_first_is_not_overwritten(place: Place) -> None:
    plan = plan_new(place.repository)
    place.foreign_commit(DRAFT_REF, {"web/Kptfile": "theirs"})
    assert DRAFT_REF in refused(place, plan)


def test_a_draft_that_somebody_else_deleted_is_not_brought_back(place: Place) -> None:
    created = create(place.repository)
    draft = place.repository.open_package_revision_draft(created, ALICE)
    draft.update_resources({**FILES, "mine": b"mine"}, RENDER)
    place.git("update-ref", "-d", DRAFT_REF)
    assert DRAFT_REF in refused(place, place.repository.plan(draft))


def test_a_changed_draft_is_not_deleted(place: Place) -> None:
    created = create(place.repository)
    place.foreign_commit(DRAFT_REF, {"web/Kptfile": "theirs"}, created.commit)
    assert DRAFT_REF in refused(place, place.repository.plan_deletion(created, ALICE, place.repository.head()))


@pytest.mark.parametrize(("there", "asked"), [("a/b", "a"), ("a", "a/b")])
def test_refs_that_exclude_each_other_are_a_conflict_that_names_them(place: Place, there: str, asked: str) -> None:
    create(place.repository, there, "v1")
    plan = plan_new(
        place.repository, asked.replace("/b", "/v1") if "/" in asked else asked, "b" if asked == "a" else "c"
    )
    text = refused(place, plan)
    assert plan.moves[0].ref in text


def test_packed_refs_exclude_too(place: Place) -> None:
    create(place.repository, "a/b", "v1")
    place.git("pack-refs", "--all")
    refused(place, plan_new(place.repository, "a", "b"))


def test_all_refs_of_a_plan_move_or_none(place: Place) -> None:
    created = create(place.repository)
    draft = place.repository.open_package_revision_draft(created, ALICE)
    draft.update_lifecycle("Proposed")
    plan = place.repository.plan(draft)
    place.foreign_commit("refs/heads/proposed/web/v1", {"web/Kptfile": "theirs"})
    refused(place, plan)


def test_a_branch_is_never_rewound(place: Place) -> None:
    created = create(place.repository)
    parent = place.git("rev-parse", f"{created.commit}^")
    with pytest.raises(Conflict, match="non-fast-forward update: refs/heads/drafts/web/v1"):
        place.repository.push(Plan((RefMove(DRAFT_REF, created.commit, parent),), b""))


def test_the_same_plan_again_is_refused(place: Place) -> None:
    plan = plan_new(place.repository)
    assert place.repository.push(plan).accepted
    refused(place, plan)
    assert place.repository.read_refs([DRAFT_REF]) == {DRAFT_REF: plan.moves[0].new}


def test_deleting_packed_refs_works(place: Place) -> None:
    created = create(place.repository)
    place.git("pack-refs", "--all")
    assert place.repository.push(place.repository.plan_deletion(created, ALICE, place.repository.head())).accepted
    assert set(place.refs()) == {"refs/heads/main"}


def test_drafts_are_made_on_the_branch_as_it_is_after_a_refresh(place: Place) -> None:
    head = place.foreign_commit("refs/heads/main", {"other/Kptfile": "x"}, place.refs()["refs/heads/main"])
    place.repository.refresh()
    created = create(place.repository)
    assert place.git("rev-parse", f"{created.commit}^") == head
    assert place.git("ls-tree", "--name-only", created.commit).split() == ["other", "web"]

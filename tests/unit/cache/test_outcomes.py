"""What the refs say about a change that was interrupted: made, not begun, begun, or somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from porch.cache.intents import Change, Outcome, together
from porch.repository import Repository
from porch.repository.git import GitAddress, open_hosted
from porch.store import RefMove
from porch.workers import WorkerPool
from tests.contract.repository.conftest import ALICE, KEY, create

MAIN, TAG, PROPOSAL = "refs/heads/main", "refs/tags/web/v1", "refs/heads/proposed/web/v1"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    address = GitAddress("hosted:///web", KEY, create_branch=True)
    return open_hosted(str(tmp_path / "web.git"), address, WorkerPool(1, 60), mirror_id="m", location="l")


@pytest.fixture
def publication(repository: Repository) -> Change:
    draft = repository.open_package_revision_draft(create(repository), ALICE)
    draft.update_lifecycle("Proposed")
    plan = repository.plan(draft)
    assert repository.push(plan).accepted
    assert plan.discovered is not None
    publishing = repository.plan_publication(plan.discovered, 1, ALICE, repository.head())
    return Change(name="here.web.v1", moves=list(publishing.moves))


def refs(change: Change, *made: str) -> dict[str, str]:
    """As they are when these have moved."""
    now = {move.ref: move.new if move.ref in made else move.old for move in change.moves}
    return {ref: target for ref, target in now.items() if target}


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        ((), Outcome.UNDONE),
        ((MAIN,), Outcome.PARTLY),
        ((MAIN, TAG), Outcome.PARTLY),
        ((MAIN, TAG, PROPOSAL), Outcome.DONE),
    ],
)
def test_an_interrupted_publication(
    repository: Repository, publication: Change, made: tuple[str, ...], outcome: Outcome
) -> None:
    assert publication.outcome(repository, MAIN, refs(publication, *made)) is outcome


def test_a_branch_or_number_that_others_took_leaves_it_undone(repository: Repository, publication: Change) -> None:
    """Then it can be planned anew."""
    other = "1" * 40
    for taken in ({MAIN: other}, {TAG: other}, {MAIN: other, TAG: other}):
        assert publication.outcome(repository, MAIN, refs(publication) | taken) is Outcome.UNDONE


def test_a_proposal_that_others_moved_or_withdrew_is_overtaken(repository: Repository, publication: Change) -> None:
    moved = refs(publication) | {PROPOSAL: "1" * 40}
    withdrawn = {ref: target for ref, target in refs(publication).items() if ref != PROPOSAL}
    for now in (moved, withdrawn):
        assert publication.outcome(repository, MAIN, now) is Outcome.OVERTAKEN


def test_a_branch_that_went_on_shows_what_was_made_before(repository: Repository, publication: Change) -> None:
    made = next(move.new for move in publication.moves if move.ref == MAIN)
    assert repository.is_done(RefMove(MAIN, "", repository.head()), repository.head())
    assert not repository.is_done(RefMove(MAIN, "", made), repository.head())
    assert repository.is_done(RefMove(MAIN, "", repository.head()), made)


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ([], Outcome.DONE),
        ([Outcome.DONE, Outcome.DONE], Outcome.DONE),
        ([Outcome.UNDONE, Outcome.UNDONE], Outcome.UNDONE),
        ([Outcome.DONE, Outcome.UNDONE], Outcome.PARTLY),
        ([Outcome.DONE, Outcome.OVERTAKEN], Outcome.OVERTAKEN),
    ],
)
def test_the_changes_of_a_push_together(outcomes: list[Outcome], whole: Outcome) -> None:
    assert together(outcomes) is whole

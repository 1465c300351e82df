"""The copy on this machine: looked through, made anew if there is another, freed of what nothing leads to."""

from __future__ import annotations

import pytest

from porch.errors import BadRequest
from porch.repository.interface import Repository
from tests.contract.repository.conftest import Place, create


def nothing() -> set[str]:
    return set()


def test_a_copy_that_is_whole_is_not_damaged(place: Place) -> None:
    create(place.repository)
    assert place.repository.damage() == ""


def test_a_copy_of_a_remote_is_made_anew_and_a_hosted_repository_never(place: Place) -> None:
    created = create(place.repository)
    if place.kind == "hosted":
        with pytest.raises(BadRequest, match="is the only copy there is"):
            place.repository.rebuild()
    else:
        place.foreign_commit("refs/heads/drafts/web/hand", {"web/Kptfile": "kind: Kptfile\n"})
        place.repository.rebuild()
    _is_in_step(place)
    assert place.repository.entries(created.tree)


def test_commits_are_related_when_they_share_a_commit(place: Place) -> None:
    created = create(place.repository)
    main = place.refs()["refs/heads/main"]
    other = place.foreign_commit("refs/heads/other", {"x": "x"})
    place.repository.refresh()
    assert place.repository.are_related(main, created.commit)
    assert place.repository.are_related(created.commit, main)
    assert not place.repository.are_related(main, other)
    assert not place.repository.are_related(main, "1" * 40)


def test_collecting_keeps_what_refs_lead_to(place: Place) -> None:
    repository: Repository = place.repository
    created = create(repository)
    assert repository.collect(nothing, 3600)
    assert not repository.collect(nothing, 3600)
    assert repository.collect(nothing, -1)
    assert repository.entries(created.tree)
    _is_in_step(place)


def test_the_branch_is_only_made_when_it_may_be(place: Place) -> None:
    place.git("update-ref", "-d", "refs/heads/main")
    with pytest.raises(BadRequest, match='branch "main" doesn\'t exist'):
        place.repository.refresh(create=False)
    assert "refs/heads/main" not in place.refs()
    place.repository.refresh()
    assert "refs/heads/main" in place.refs()


def _is_in_step(place: Place) -> None:
    place.repository.refresh()
    assert place.repository.discover({}).refs == place.refs()

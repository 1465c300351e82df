"""Publishing, marking and deleting what is published; and what git shows afterwards."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from porch.errors import BadRequest, Conflict
from porch.repository import Discovered
from porch.repository.interface import Plan
from tests.contract.repository.conftest import ALICE, FILES, NOON, Place, create

MAIN, TAG, PROPOSAL = "refs/heads/main", "refs/tags/web/v1", "refs/heads/proposed/web/ws"
MARK = "refs/heads/deletionProposed/web/v1"
PORCH = "Package Orchestration Service <porch@kpt.dev>"


def proposed(place: Place, path: str = "web", workspace: str = "ws") -> Discovered:
    draft = place.repository.open_package_revision_draft(create(place.repository, path, workspace), ALICE)
    draft.update_lifecycle("Proposed")
    return made(place, place.repository.plan(draft))


def made(place: Place, plan: Plan) -> Discovered:
    report = place.repository.push(plan)
    assert report.accepted, report.text
    assert plan.discovered is not None
    return plan.discovered


def publication(place: Place, current: Discovered, number: int = 1) -> Plan:
    return place.repository.plan_publication(current, number, ALICE, place.repository.head())


def published(place: Place, path: str = "web", workspace: str = "ws") -> Discovered:
    return made(place, publication(place, proposed(place, path, workspace)))


def look(place: Place) -> dict[str, Discovered]:
    place.repository.refresh()
    return {found.ref: found for found in place.repository.discover({}).revisions}


def test_a_publication_is_one_commit_a_tag_and_no_proposal(place: Place) -> None:
    proposal = proposed(place)
    head = place.refs()[MAIN]
    done = made(place, publication(place, proposal, 3))
    assert place.refs() == {MAIN: done.commit, "refs/tags/web/v3": done.commit}
    assert place.git("cat-file", "commit", "main") == (
        f"tree {place.git('rev-parse', 'main^{tree}')}\n"
        f"parent {head}\n"
        f"parent {proposal.commit}\n"
        f"author alice <alice@example.com> {NOON} +0000\n"
        f"committer {PORCH} {NOON} +0000\n"
        "\n"
        "Approving package revision web/3\n\n"
        'kpt:{"package":"web","workspaceName":"ws","revision":"3"}'
    )
    assert place.git("rev-parse", "main:web") == proposal.tree
    assert place.git("fsck", "--strict", "--full") == ""


def test_a_publication_is_what_discovery_finds(place: Place) -> None:
    proposal = proposed(place)
    plan = publication(place, proposal)
    made(place, plan)
    assert sorted(plan.found, key=lambda found: found.ref) == sorted(look(place).values(), key=lambda found: found.ref)
    done, on_branch = plan.found
    assert (done.revision, done.lifecycle, done.workspace, done.ref) == (1, "Published", "ws", TAG)
    assert (on_branch.revision, on_branch.workspace, on_branch.ref) == (-1, "main", MAIN)
    assert done.published_by == "alice@example.com"


def test_a_publication_takes_nothing_but_the_package(place: Place) -> None:
    """What others put on the branch meanwhile stays, and what the draft's tree had of other packages does not come."""
    proposal = proposed(place)
    place.foreign_commit(MAIN, {"other/Kptfile": "kind: Kptfile\n", "web/old.yaml": "a: b\n"}, place.refs()[MAIN])
    place.repository.refresh()
    made(place, publication(place, proposal))
    files = place.git("ls-tree", "-r", "--name-only", "main").split()
    assert files == ["other/Kptfile", "web/Kptfile", "web/README.md", "web/config/web.yaml"]


def test_the_branch_of_a_package_changes_only_with_it(place: Place) -> None:
    """So that publishing one package is no change of all the others."""
    web = published(place)
    published(place, "db")
    on_branch = {found.path: found for found in place.repository.discover({}).revisions if found.revision == -1}
    assert on_branch["web"].commit == web.commit
    assert on_branch["db"].commit == place.refs()[MAIN]


def test_several_publications_go_in_one_push(place: Place) -> None:
    first, second = proposed(place), proposed(place, workspace="ws2")
    one = publication(place, first)
    assert one.discovered is not None
    two = place.repository.plan_publication(second, 2, ALICE, one.discovered.commit)
    made(place, place.repository.join([one, two]))
    refs = place.refs()
    assert two.discovered is not None
    assert refs == {MAIN: two.discovered.commit, TAG: one.discovered.commit, "refs/tags/web/v2": refs[MAIN]}
    assert place.git("rev-parse", "main^1") == one.discovered.commit


def test_a_number_that_is_taken_is_not_moved(place: Place) -> None:
    proposal = proposed(place)
    place.git("update-ref", TAG, place.refs()[MAIN])
    before = place.refs()
    _not_accepted(place, publication(place, proposal))
    assert place.refs() == before


def test_a_branch_that_moved_refuses_the_publication(place: Place) -> None:
    proposal = proposed(place)
    plan = publication(place, proposal)
    place.foreign_commit(MAIN, {"other": "1"}, place.refs()[MAIN])
    before = place.refs()
    _not_accepted(place, plan)
    assert place.refs() == before
    place.repository.refresh()
    made(place, publication(place, proposal))
    assert place.git("rev-parse", "main^2") == proposal.commit


def _not_accepted(place: Place, plan: Plan) -> None:
    with suppress(Conflict):
        assert not place.repository.push(plan).accepted


def test_only_a_proposal_is_published(place: Place) -> None:
    with pytest.raises(BadRequest, match="Draft"):
        publication(place, create(place.repository))


def test_a_file_in_the_way_of_the_package_is_named(place: Place) -> None:
    proposal = proposed(place, "net/web")
    place.foreign_commit(MAIN, {"net": "a file"}, place.refs()[MAIN])
    place.repository.refresh()
    with pytest.raises(Conflict, match='path "net" is 0100644, not a directory'):
        publication(place, proposal)


def test_a_mark_comes_and_goes(place: Place) -> None:
    done = published(place)
    marked = made(place, place.repository.plan_mark(done, "DeletionProposed"))
    assert place.refs()[MARK] == done.commit
    assert look(place)[TAG] == marked
    assert made(place, place.repository.plan_mark(marked, "Published")) == done
    assert MARK not in place.refs()
    assert place.repository.plan_mark(done, "Published").moves == ()


def test_a_deleted_revision_leaves_its_content_on_the_branch(place: Place) -> None:
    marked = made(place, place.repository.plan_mark(published(place), "DeletionProposed"))
    before = place.refs()[MAIN]
    assert place.repository.push(place.repository.plan_deletion(marked, ALICE, before)).accepted
    assert place.refs() == {MAIN: before}
    assert place.repository.last_number("web") == 1


def test_a_package_is_deleted_from_the_branch_by_a_commit(place: Place) -> None:
    published(place, "net/web")
    on_branch = next(found for found in place.repository.discover({}).revisions if found.revision == -1)
    marked = made(place, place.repository.plan_mark(on_branch, "DeletionProposed"))
    assert place.refs()["refs/heads/deletionProposed/net/web/main"] == on_branch.commit
    head = place.repository.head()
    assert place.repository.push(place.repository.plan_deletion(marked, ALICE, head)).accepted
    assert place.git("log", "-1", "--format=%B", "main") == "Delete net/web"
    assert place.git("rev-parse", "main^") == head
    assert place.git("ls-tree", "-r", "--name-only", "main") == "README.md"
    assert sorted(place.refs()) == [MAIN, "refs/tags/net/web/v1"]
    assert place.git("fsck", "--strict", "--full") == ""


def test_a_package_that_is_off_the_branch_already_needs_no_commit(place: Place) -> None:
    on_branch = replace(published(place), ref=MAIN, revision=-1, workspace="main", path="gone", full_path="gone")
    assert place.repository.plan_deletion(on_branch, ALICE, place.repository.head()).moves == ()


def test_a_tag_of_another_spelling_is_not_deleted(place: Place) -> None:
    done = published(place)
    place.git("update-ref", "refs/tags/web/7", done.commit)
    seven = look(place)["refs/tags/web/7"]
    with pytest.raises(Conflict, match="not specific to the package: refs/tags/web/7"):
        place.repository.plan_deletion(seven, ALICE, place.repository.head())


def test_an_annotated_tag_is_deleted_by_its_own_id(place: Place) -> None:
    done = published(place)
    place.git("-c", "user.name=a", "-c", "user.email=a@b", "tag", "-a", "-m", "by hand", "web/v9", done.commit)
    nine = look(place)["refs/tags/web/v9"]
    assert place.repository.push(place.repository.plan_deletion(nine, ALICE, place.repository.head())).accepted
    assert sorted(place.refs()) == [MAIN, TAG]


def test_a_tag_that_moved_is_not_deleted(place: Place) -> None:
    done = published(place)
    place.foreign_commit(TAG, FILES_ELSEWHERE, done.commit)
    place.repository.refresh()
    with pytest.raises(Conflict, match="has moved"):
        place.repository.plan_deletion(done, ALICE, place.repository.head())


FILES_ELSEWHERE = {f"web/{path}": content.decode() for path, content in FILES.items()}

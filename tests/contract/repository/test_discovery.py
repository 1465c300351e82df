"""Discovery after one's own and foreign changes; only what changed is reported again."""

from __future__ import annotations

from porch.repository.git.annotations import RENDER
from porch.repository.interface import Snapshot
from tests.contract.repository.conftest import ALICE, FILES, INIT, NOON, Place, create

KPT = {"web/Kptfile": "kind: Kptfile\n"}


def look(place: Place, known: Snapshot | None = None) -> Snapshot:
    place.repository.refresh()
    return place.repository.discover(known.refs if known else {})


def test_what_was_made_is_found_as_it_was_planned(place: Place) -> None:
    created = create(place.repository, "net/ran")
    snapshot = look(place)
    assert snapshot.revisions == [created]
    assert snapshot.refs == place.refs()
    assert created.task == INIT
    assert created.created_at == "2026-09-21T14:13:20Z"
    assert NOON == 1_790_000_000


def test_an_unchanged_repository_has_nothing_to_tell(place: Place) -> None:
    create(place.repository)
    before = look(place)
    after = look(place, before)
    assert (after.revisions, after.gone, after.refs) == ([], (), before.refs)


def test_foreign_drafts_appear_change_and_disappear(place: Place) -> None:
    before = look(place)
    first = place.foreign_commit("refs/heads/drafts/web/hand", KPT)
    appeared = look(place, before)
    assert [(found.workspace, found.commit, found.lifecycle) for found in appeared.revisions] == [
        ("hand", first, "Draft")
    ]
    forced = place.foreign_commit("refs/heads/drafts/web/hand", {**KPT, "web/x": "x"})
    changed = look(place, appeared)
    assert [found.commit for found in changed.revisions] == [forced]
    place.git("update-ref", "-d", "refs/heads/drafts/web/hand")
    gone = look(place, changed)
    assert (gone.revisions, gone.gone) == ([], ("refs/heads/drafts/web/hand",))


def test_a_deletion_mark_shows_on_the_revision_it_marks(place: Place) -> None:
    created = create(place.repository)
    place.git("update-ref", "refs/tags/web/v1", created.commit)
    before = look(place)
    place.git("update-ref", "refs/heads/deletionProposed/web/v1", created.commit)
    marked = look(place, before)
    assert [(found.ref, found.lifecycle) for found in marked.revisions] == [("refs/tags/web/v1", "DeletionProposed")]
    place.git("update-ref", "-d", "refs/heads/deletionProposed/web/v1")
    unmarked = look(place, marked)
    assert [found.lifecycle for found in unmarked.revisions] == ["Published"]
    assert unmarked.gone == ("refs/heads/deletionProposed/web/v1",)


def test_a_mark_on_a_branch_revision_shows_too(place: Place) -> None:
    head = place.foreign_commit("refs/heads/main", KPT, place.refs()["refs/heads/main"])
    before = look(place)
    assert [(found.workspace, found.revision) for found in before.revisions] == [("main", -1)]
    place.git("update-ref", "refs/heads/deletionProposed/web/main", head)
    assert [found.lifecycle for found in look(place, before).revisions] == ["DeletionProposed"]


def test_what_cannot_be_read_is_a_warning_and_hides_nothing(place: Place) -> None:
    created = create(place.repository)
    for ref in ("refs/heads/drafts/lonely", "refs/tags/release-1", "refs/tags/web/sub/v1", "refs/heads/proposed/x/y"):
        place.git("update-ref", ref, created.commit)
    blob = place.git("hash-object", "-w", "--stdin", stdin="no commit")
    place.git("update-ref", "refs/tags/web/v9", blob)
    snapshot = look(place)
    assert snapshot.revisions == [created]
    assert len(snapshot.warnings) == 5


def test_many_changes_are_read_in_a_worker_process(place: Place) -> None:
    created = create(place.repository)
    lines = "".join(f"create refs/tags/web/v{number} {created.commit}\n" for number in range(1, 31))
    place.git("update-ref", "--stdin", stdin=lines)
    found = look(place).revisions
    assert {revision.revision for revision in found} == set(range(31))


def test_recreated_drafts_tell_their_first_task(place: Place) -> None:
    created = create(place.repository)
    draft = place.repository.open_package_revision_draft(created, ALICE)
    draft.update_resources({**FILES, "x": b"x"}, RENDER)
    plan = place.repository.plan(draft)
    place.repository.push(plan)
    assert look(place).revisions == [plan.discovered]

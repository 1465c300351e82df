"""Drafts: made, edited, proposed, deleted; and what git shows afterwards."""

from __future__ import annotations

import pytest

from porch.errors import BadRequest, Conflict, Invalid
from porch.repository.git.annotations import RENDER
from porch.types.task import Task
from tests.contract.repository.conftest import ALICE, FILES, INIT, KPTFILE, NOON, Place, create, plan_new

DRAFT_REF = "refs/heads/drafts/web/v1"


def test_a_new_draft_is_one_commit_on_the_branch(place: Place) -> None:
    made = create(place.repository)
    assert place.refs()[DRAFT_REF] == made.commit
    assert place.git("rev-list", "--count", "main..drafts/web/v1") == "1"
    assert place.git("ls-tree", "-r", "--name-only", "drafts/web/v1").split() == [
        "README.md",
        "web/Kptfile",
        "web/README.md",
        "web/config/web.yaml",
    ]
    assert place.git("show", "drafts/web/v1:web/Kptfile") + "\n" == KPTFILE.decode()


def test_the_commit_is_upstreams_to_the_byte(place: Place) -> None:
    task = Task(type="init", init=INIT.init and type(INIT.init)(description="a <b> & c\u2028"))
    draft = place.repository.create_package_revision_draft("web", "v1", ALICE)
    draft.update_resources(FILES, task)
    place.repository.push(place.repository.plan(draft))
    main, tree = place.git("rev-parse", "main"), place.git("rev-parse", "drafts/web/v1^{tree}")
    assert place.git("cat-file", "commit", "drafts/web/v1") == (
        f"tree {tree}\n"
        f"parent {main}\n"
        f"author alice <alice@example.com> {NOON} +0000\n"
        f"committer Package Orchestration Service <porch@kpt.dev> {NOON} +0000\n"
        "\n"
        "Creating new empty revision\n\n\n"
        'kpt:{"package":"web","workspaceName":"v1","revision":"0",'
        '"task":{"type":"init","init":{"description":"a \\u003cb\\u003e \\u0026 c\\u2028"}}}'
    )


def test_the_branch_is_created_as_upstream_creates_it(place: Place) -> None:
    porch = f"Package Orchestration Service <porch@kpt.dev> {NOON} +0000"
    tree = place.git("rev-parse", "main^{tree}")
    assert place.git("cat-file", "commit", "main") == (
        f"tree {tree}\nauthor {porch}\ncommitter {porch}\n\nInitial commit: Creating main branch"
    )
    assert place.git("cat-file", "blob", "main:README.md") == "Created by porch"


def test_everything_written_passes_fsck(place: Place) -> None:
    created = create(
        place.repository, "a/b/web", files={**FILES, "a.b": b"1", "a/b": b"2", "a-b/c": b"", "\u00e9": b"3"}
    )
    draft = place.repository.open_package_revision_draft(created, ALICE)
    draft.update_resources(FILES, RENDER)
    assert place.repository.push(place.repository.plan(draft)).accepted
    assert place.git("fsck", "--strict", "--full") == ""


def test_an_edit_is_a_commit_on_the_draft(place: Place) -> None:
    created = create(place.repository)
    draft = place.repository.open_package_revision_draft(created, ALICE)
    assert set(draft.entries) == set(FILES)
    kept = {path: entry for path, entry in draft.entries.items() if path != "README.md"}
    draft.update_resources({**kept, "new.yaml": b"new"}, RENDER)
    plan = place.repository.plan(draft)
    assert place.repository.push(plan).accepted
    assert place.git("log", "-1", "--format=%s", DRAFT_REF) == "Rendering package"
    assert place.git("rev-parse", f"{DRAFT_REF}^") == created.commit
    assert place.git("ls-tree", "-r", "--name-only", f"{DRAFT_REF}:web").split() == [
        "Kptfile",
        "config/web.yaml",
        "new.yaml",
    ]
    assert plan.discovered is not None
    assert plan.discovered.task == INIT
    assert plan.discovered.created_at == created.created_at


def test_several_updates_make_several_commits(place: Place) -> None:
    draft = place.repository.create_package_revision_draft("web", "v1", ALICE)
    draft.update_resources(FILES, INIT)
    draft.update_resources({**FILES, "more": b"more"}, RENDER)
    assert place.repository.push(place.repository.plan(draft)).accepted
    assert place.git("log", "--format=%s", f"main..{DRAFT_REF}").splitlines() == [
        "Rendering package",
        "Creating new empty revision",
    ]


def test_a_proposal_moves_the_branch(place: Place) -> None:
    created = create(place.repository)
    draft = place.repository.open_package_revision_draft(created, ALICE)
    draft.update_lifecycle("Proposed")
    plan = place.repository.plan(draft)
    assert place.repository.push(plan).accepted
    assert set(place.refs()) == {"refs/heads/main", "refs/heads/proposed/web/v1"}
    assert plan.discovered is not None
    assert plan.discovered.lifecycle == "Proposed"
    assert place.repository.discover({}).revisions == [plan.discovered]


def test_nothing_to_change_moves_nothing(place: Place) -> None:
    created = create(place.repository)
    plan = place.repository.plan(place.repository.open_package_revision_draft(created, ALICE))
    assert plan.moves == ()
    assert place.repository.push(plan).accepted


def test_a_deletion_takes_the_branch_away(place: Place) -> None:
    created = create(place.repository)
    assert place.repository.push(place.repository.plan_deletion(created, ALICE, place.repository.head())).accepted
    assert set(place.refs()) == {"refs/heads/main"}


def test_a_plan_shows_nothing_until_it_is_pushed(place: Place) -> None:
    before = place.refs()
    plan_new(place.repository)
    assert place.refs() == before
    assert place.repository.discover({}).revisions == []


def test_content_can_be_read_back(place: Place) -> None:
    created = create(place.repository)
    entries = place.repository.entries(created.tree)
    assert {path: entry.size for path, entry in entries.items()} == {path: len(data) for path, data in FILES.items()}
    assert place.repository.read_blobs([entries["README.md"].blob]) == [b"# web\n"]


def test_big_content_takes_the_same_way(place: Place) -> None:
    big = bytes(range(256)) * 2048
    created = create(place.repository, files={**FILES, "big.bin": big})
    entry = place.repository.entries(created.tree)["big.bin"]
    assert entry.size == len(big)
    assert place.repository.read_blobs([entry.blob]) == [big]
    assert place.git("cat-file", "-s", f"{DRAFT_REF}:web/big.bin") == str(len(big))
    assert place.git("fsck", "--strict", "--full") == ""


def test_executables_and_links_stay_what_they_are(place: Place) -> None:
    target = place.git("hash-object", "-w", "--stdin", stdin="README.md")
    kptfile = place.git("hash-object", "-w", "--stdin", stdin="kind: Kptfile\n")
    listing = f"100644 blob {kptfile}\tKptfile\n120000 blob {target}\tlink\n100755 blob {target}\trun\n"
    tree = place.git("mktree", stdin=f"040000 tree {place.git('mktree', stdin=listing)}\tweb\n")
    place.git("update-ref", DRAFT_REF, place.git("commit-tree", tree, "-m", "by hand"))
    place.repository.refresh()
    (found,) = place.repository.discover({}).revisions
    draft = place.repository.open_package_revision_draft(found, ALICE)
    draft.update_resources({"Kptfile": b"kind: Kptfile\n", "link": b"README.md", "run": b"changed"}, RENDER)
    assert place.repository.push(place.repository.plan(draft)).accepted
    modes = [line.split()[0] for line in place.git("ls-tree", f"{DRAFT_REF}:web").splitlines()]
    assert modes == ["100644", "120000", "100755"]
    again = place.repository.open_package_revision_draft(place.repository.discover({}).revisions[0], ALICE)
    again.update_resources({"Kptfile": b"kind: Kptfile\n", "link": b"../../etc/passwd"}, RENDER)
    assert place.repository.push(place.repository.plan(again)).accepted
    assert place.git("ls-tree", f"{DRAFT_REF}:web").splitlines()[1].startswith("100644")


def test_a_package_needs_a_kptfile(place: Place) -> None:
    draft = place.repository.create_package_revision_draft("web", "v1", ALICE)
    with pytest.raises(Invalid, match="package must contain Kptfile at root") as caught:
        draft.update_resources({"sub/Kptfile": KPTFILE}, INIT)
    assert caught.value.details is not None
    assert [cause.field for cause in caught.value.details.causes] == ["spec.resources"]


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", ".git/config", "a/.GIT/x", "a\0b", "", "a\\b", "x/"])
def test_dangerous_paths_are_refused(place: Place, path: str) -> None:
    draft = place.repository.create_package_revision_draft("web", "v1", ALICE)
    with pytest.raises(Invalid) as caught:
        draft.update_resources({"Kptfile": KPTFILE, path: b""}, INIT)
    assert caught.value.details is not None
    assert [cause.field for cause in caught.value.details.causes] == [f"spec.resources[{path}]"]


def test_a_file_where_the_package_shall_be_is_a_conflict(place: Place) -> None:
    draft = place.repository.create_package_revision_draft("README.md/web", "v1", ALICE)
    with pytest.raises(Conflict, match=r'path "README.md" is 0100644, not a directory in tree [0-9a-f]{40}'):
        draft.update_resources(FILES, INIT)


def test_only_drafts_and_proposals_can_be_opened(place: Place) -> None:
    created = create(place.repository)
    place.git("update-ref", "refs/tags/web/v1", created.commit)
    place.repository.refresh()
    tagged = next(found for found in place.repository.discover({}).revisions if found.ref == "refs/tags/web/v1")
    with pytest.raises(BadRequest, match="cannot update lifecycle for draft package revision"):
        place.repository.open_package_revision_draft(tagged, ALICE)


def test_a_draft_has_no_other_lifecycle(place: Place) -> None:
    draft = place.repository.create_package_revision_draft("web", "v1", ALICE)
    with pytest.raises(BadRequest, match='invalid new lifecycle value: "Published"'):
        draft.update_lifecycle("Published")

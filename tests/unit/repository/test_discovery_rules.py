"""What becomes of each kind of ref, directory and annotation: one rule, one test."""

from __future__ import annotations

from pathlib import Path

import pytest

from porch.repository.git.discover import discover_mirror
from porch.repository.interface import Discovered, Snapshot
from tests.support.handmade import KPTFILE, NOON, Handmade

WEB = {"web/Kptfile": KPTFILE}
INIT = 'kpt:{"package":"web","workspaceName":"ws1","revision":"0","task":{"type":"init","init":{"description":"d"}}}'
APPROVAL = 'kpt:{"package":"web","workspaceName":"ws1","revision":"1"}'


@pytest.fixture
def hand(tmp_path: Path) -> Handmade:
    return Handmade.new(tmp_path / "hand.git")


def look(hand: Handmade, directory: str = "", branch: str = "main") -> Snapshot:
    return discover_mirror(str(hand.path), directory, branch, {})


def shown(snapshot: Snapshot) -> list[tuple[str, str, int, str]]:
    """Package, workspace, revision and lifecycle of each revision."""
    return [(found.path, found.workspace, found.revision, found.lifecycle) for found in snapshot.revisions]


def only(snapshot: Snapshot) -> Discovered:
    (found,) = snapshot.revisions
    return found


# --- drafts and proposals


def test_a_draft_is_named_by_its_branch_whatever_its_annotations_say(hand: Handmade) -> None:
    commit = hand.commit(WEB, message=f"x\n\n{APPROVAL}\n")
    hand.set("refs/heads/drafts/web/other", commit)
    hand.set("refs/heads/proposed/web/third", commit)
    assert shown(look(hand)) == [("web", "other", 0, "Draft"), ("web", "third", 0, "Proposed")]


def test_only_the_directory_that_a_draft_names_counts(hand: Handmade) -> None:
    hand.set("refs/heads/drafts/web/a", hand.commit({**WEB, "net/Kptfile": KPTFILE}))
    hand.set("refs/heads/drafts/net/ran/b", hand.commit({"net/Kptfile": KPTFILE, "net/ran/x": ""}))
    snapshot = look(hand)
    assert shown(snapshot) == [("web", "a", 0, "Draft")]
    assert snapshot.warnings == ("skipped refs/heads/drafts/net/ran/b: there is no Kptfile in net/ran",)


@pytest.mark.parametrize("kptfile", [("120000", "elsewhere"), ("160000", "1" * 40)])
def test_a_kptfile_is_a_file(hand: Handmade, kptfile: tuple[str, str]) -> None:
    hand.set("refs/heads/drafts/web/a", hand.commit({"web/Kptfile": kptfile, "web/x": ""}))
    hand.set("refs/heads/drafts/net/b", hand.commit({"net/Kptfile/Kptfile": KPTFILE}))
    snapshot = look(hand)
    assert snapshot.revisions == []
    assert len(snapshot.warnings) == 2


def test_an_executable_kptfile_is_one(hand: Handmade) -> None:
    hand.set("refs/heads/drafts/web/a", hand.commit({"web/Kptfile": ("100755", KPTFILE)}))
    assert only(look(hand)).kptfile == KPTFILE.encode()


def test_branches_of_other_families_are_no_drafts(hand: Handmade) -> None:
    commit = hand.commit(WEB)
    for ref in ("feature/web/x", "Drafts/web/x", "deletionproposed/web/v1", "draft/web/x", "web/v1"):
        hand.set(f"refs/heads/{ref}", commit)
    assert look(hand).revisions == []


# --- tags


@pytest.mark.parametrize(
    ("name", "workspace", "revision"),
    [
        ("v3", "v3", 3),
        ("3", "v3", 3),
        ("007", "v7", 7),
        ("v+5", "v5", 5),
        ("-5", "-5", -1),
        ("rc1", "rc1", -1),
        ("v1.2.3", "v1.2.3", -1),
        ("vv3", "vv3", -1),
        ("v99999999999999999999", "v99999999999999999999", -1),
    ],
)
def test_the_last_segment_of_a_tag_is_the_number(hand: Handmade, name: str, workspace: str, revision: int) -> None:
    hand.set(f"refs/tags/net/web/{name}", hand.commit({"net/web/Kptfile": KPTFILE}))
    assert shown(look(hand)) == [("net/web", workspace, revision, "Published")]


def test_the_workspace_is_in_the_annotation_of_the_tagged_commit(hand: Handmade) -> None:
    hand.set("refs/tags/web/v1", hand.commit(WEB, message=f"x\n\n{APPROVAL}\n"))
    assert shown(look(hand)) == [("web", "ws1", 1, "Published")]


def test_only_of_exactly_that_commit(hand: Handmade) -> None:
    hand.set("refs/tags/web/v1", hand.commit(WEB, hand.commit(WEB, message=f"x\n\n{APPROVAL}\n")))
    assert shown(look(hand)) == [("web", "v1", 1, "Published")]


def test_the_first_annotation_of_that_package_with_a_workspace_counts(hand: Handmade) -> None:
    lines = (
        'kpt:{"package":"net/web","workspaceName":"no","revision":"1"}',
        'kpt:{"package":"web","revision":"1"}',
        'kpt:{"package":"web", broken',
        APPROVAL,
        'kpt:{"package":"web","workspaceName":"late","revision":"1"}',
    )
    hand.set("refs/tags/web/v1", hand.commit(WEB, message="\n".join(("x", "", *lines))))
    assert only(look(hand)).workspace == "ws1"


def test_a_tag_without_a_number_keeps_its_own_name(hand: Handmade) -> None:
    hand.set("refs/tags/web/rc1", hand.commit(WEB, message=f"x\n\n{APPROVAL}\n"))
    assert shown(look(hand)) == [("web", "rc1", -1, "Published")]


def test_annotated_tags_are_followed_to_their_commit(hand: Handmade) -> None:
    commit = hand.commit(WEB)
    hand.tag("web/v1", commit)
    hand.tag("web/v2", "web/v1")
    assert [found.commit for found in look(hand).revisions] == [commit, commit]


def test_tags_without_a_path_or_a_kptfile_are_no_revisions(hand: Handmade) -> None:
    commit = hand.commit(WEB)
    for name in ("v1", "release-1", "net/v1", "web/sub/v1"):
        hand.set(f"refs/tags/{name}", commit)
    snapshot = look(hand)
    assert snapshot.revisions == []
    assert len(snapshot.warnings) == 4


# --- the branch


def test_each_directory_with_a_kptfile_is_a_package_and_its_inside_is_content(hand: Handmade) -> None:
    names = ("a/Kptfile", "a/sub/Kptfile", "b/c/Kptfile", "b/c/d/e/Kptfile", "b/x", "z/y/x/Kptfile")
    hand.set("refs/heads/main", hand.commit(dict.fromkeys(names, KPTFILE)))
    assert [found.path for found in look(hand).revisions] == ["a", "b/c", "z/y/x"]
    assert {(found.workspace, found.revision) for found in look(hand).revisions} == {("main", -1)}


def test_a_kptfile_that_is_no_file_does_not_end_the_search(hand: Handmade) -> None:
    hand.set("refs/heads/main", hand.commit({"a/Kptfile/b/Kptfile": KPTFILE, "c/Kptfile": ("120000", "x")}))
    snapshot = look(hand)
    assert [found.path for found in snapshot.revisions] == ["a/Kptfile/b"]
    assert len(snapshot.warnings) == 2


def test_a_kptfile_at_the_root_hides_no_package(hand: Handmade) -> None:
    hand.set("refs/heads/main", hand.commit({"Kptfile": KPTFILE, **WEB}))
    snapshot = look(hand)
    assert [found.path for found in snapshot.revisions] == ["web"]
    assert snapshot.warnings == (
        "skipped refs/heads/main: a Kptfile at the root of the repository's directory is not a package",
    )


def test_a_package_whose_kptfile_is_too_big_is_skipped_with_all_that_is_in_it(hand: Handmade) -> None:
    big = "#" * (1024 * 1024 + 1)
    hand.set("refs/heads/main", hand.commit({"a/Kptfile": big, "a/sub/Kptfile": KPTFILE, **WEB}))
    snapshot = look(hand)
    assert [found.path for found in snapshot.revisions] == ["web"]
    assert len(snapshot.warnings) == 1


def test_a_branch_named_like_a_number_publishes_all_its_packages_under_it(hand: Handmade) -> None:
    first = hand.commit(WEB, message=f"x\n\n{APPROVAL}\n")
    hand.set("refs/heads/v4", hand.commit({**WEB, "net/Kptfile": KPTFILE}, first))
    assert shown(look(hand, branch="v4")) == [("net", "v4", 4, "Published"), ("web", "ws1", 4, "Published")]


@pytest.mark.parametrize(
    ("branch", "workspace"),
    [("main", "main"), ("v3.0.0", "v3.0.0"), ("release/V3.0", "release-v3.0"), ("a--b_", "a--b"), ("é", "branch")],
)
def test_a_branch_is_called_by_what_can_be_a_name(hand: Handmade, branch: str, workspace: str) -> None:
    """Upstream refuses such branches, or makes objects that cannot be asked for."""
    commit = hand.commit(WEB)
    hand.set(f"refs/heads/{branch}", commit)
    hand.set(f"refs/heads/deletionProposed/web/{workspace}", commit)
    assert shown(look(hand, branch=branch)) == [("web", workspace, -1, "DeletionProposed")]


def test_packages_that_were_merged_by_hand_have_no_publisher(hand: Handmade) -> None:
    side = hand.commit({"net/Kptfile": KPTFILE})
    approval = hand.commit(WEB, message=f"x\n\n{APPROVAL}\n", at=NOON + 1, author="Ann <ann@example.com>")
    hand.set("refs/heads/main", hand.commit({**WEB, "net/Kptfile": KPTFILE}, approval, side, at=NOON + 2))
    found = {item.path: (item.published_by, item.published_at, item.task) for item in look(hand).revisions}
    assert found == {"net": ("", None, None), "web": ("ann@example.com", "2023-11-14T22:13:21Z", None)}


def test_a_branch_without_the_directory_shows_nothing(hand: Handmade) -> None:
    hand.set("refs/heads/main", hand.commit({**WEB, "teams": "a file"}))
    for directory in ("teams", "absent/too"):
        snapshot = look(hand, directory)
        assert (snapshot.revisions, snapshot.warnings) == ([], ())


# --- directories


def test_a_directory_is_matched_by_whole_segments_for_every_kind_of_ref(hand: Handmade) -> None:
    paths = ("teams/alpha/web", "teams/alphabet/web", "teams/beta", "web", "teams/alpha")
    commit = hand.commit({f"{path}/Kptfile": KPTFILE for path in paths if path != "teams/alpha"})
    hand.set("refs/heads/main", commit)
    for path in paths:
        hand.set(f"refs/heads/drafts/{path}/d", commit)
        hand.set(f"refs/heads/proposed/{path}/p", commit)
        hand.set(f"refs/tags/{path}/v1", commit)
    assert {found.full_path for found in look(hand, "teams/alpha").revisions} == {"teams/alpha/web"}
    assert len(look(hand, "teams/alpha").revisions) == 4
    assert {found.path for found in look(hand, "teams").revisions} == {"alpha/web", "alphabet/web", "beta"}


def test_the_directory_itself_is_no_package(hand: Handmade) -> None:
    commit = hand.commit({"teams/Kptfile": KPTFILE, "teams/web/Kptfile": KPTFILE})
    for ref in ("heads/main", "heads/drafts/teams/d", "tags/teams/v1"):
        hand.set(f"refs/{ref}", commit)
    snapshot = look(hand, "teams")
    assert shown(snapshot) == [("web", "main", -1, "Published")]
    assert len(snapshot.warnings) == 3


# --- marks of deletion


@pytest.mark.parametrize(
    ("tag", "mark"),
    [("web/v2", "web/v2"), ("web/2", "web/v2"), ("web/rc1", "web/rc1"), ("web/v1.2.3", "web/v1.2.3")],
)
def test_a_mark_is_named_by_the_number_or_else_by_the_workspace(hand: Handmade, tag: str, mark: str) -> None:
    commit = hand.commit(WEB, message=f"x\n\n{APPROVAL}\n")
    hand.set(f"refs/tags/{tag}", commit)
    hand.set(f"refs/heads/deletionProposed/{mark}", commit)
    assert only(look(hand)).lifecycle == "DeletionProposed"


def test_a_mark_by_workspace_is_none_for_a_number(hand: Handmade) -> None:
    commit = hand.commit(WEB, message=f"x\n\n{APPROVAL}\n")
    hand.set("refs/tags/web/v1", commit)
    hand.set("refs/heads/deletionProposed/web/ws1", commit)
    assert only(look(hand)).lifecycle == "Published"


def test_the_mark_of_a_branch_revision_is_named_by_the_branch(hand: Handmade) -> None:
    commit = hand.commit({**WEB, "net/Kptfile": KPTFILE})
    hand.set("refs/heads/trunk", commit)
    hand.set("refs/heads/deletionProposed/web/trunk", commit)
    assert shown(look(hand, branch="trunk")) == [
        ("net", "trunk", -1, "Published"),
        ("web", "trunk", -1, "DeletionProposed"),
    ]


def test_marks_do_not_touch_drafts_and_show_nothing_by_themselves(hand: Handmade) -> None:
    commit = hand.commit(WEB)
    hand.set("refs/heads/drafts/web/d", commit)
    hand.set("refs/heads/deletionProposed/web/d", commit)
    hand.set("refs/heads/deletionProposed/web/v9", commit)
    assert shown(look(hand)) == [("web", "d", 0, "Draft")]


# --- tasks and times


def task_of(hand: Handmade, *messages: str, workspace: str = "ws1") -> str:
    """The type of the task that a chain of commits with these messages tells; empty when none does."""
    tip = ""
    for number, message in enumerate(messages):
        files = {**WEB, "web/x": str(number)}
        tip = hand.commit(files, *([tip] if tip else []), message=message, at=NOON + number)
    hand.set(f"refs/heads/drafts/web/{workspace}", tip)
    found = only(look(hand))
    return found.task.type if found.task else ""


def line(kind: str, workspace: str = "ws1", package: str = "web", **more: str) -> str:
    extra = "".join(f',"{key}":"{value}"' for key, value in more.items())
    return f'x\n\nkpt:{{"package":"{package}","workspaceName":"{workspace}"{extra},"task":{{"type":"{kind}"}}}}\n'


def test_renders_and_retired_tasks_are_not_reported(hand: Handmade) -> None:
    assert task_of(hand, f"x\n\n{INIT}\n", *map(line, ("eval", "patch", "package", "render", "push"))) == "init"


def test_a_history_of_retired_tasks_alone_has_no_task(hand: Handmade) -> None:
    assert task_of(hand, *map(line, ("eval", "patch", "render"))) == ""


def test_the_oldest_creation_counts(hand: Handmade) -> None:
    assert task_of(hand, *map(line, ("upgrade", "edit", "render"))) == "upgrade"


def test_the_search_ends_at_an_init_or_clone(hand: Handmade) -> None:
    """A workspace that was deleted and created again has two beginnings in one history."""
    assert task_of(hand, *map(line, ("edit", "clone", "render"))) == "clone"


def test_tasks_of_other_packages_and_workspaces_are_theirs(hand: Handmade) -> None:
    assert task_of(hand, line("init", "ws0"), line("init", package="net/web"), line("edit")) == "edit"


def test_in_old_histories_the_revision_plays_the_workspace(hand: Handmade) -> None:
    old = 'x\n\nkpt:{"package":"web","revision":"v1","task":{"type":"init"}}\n'
    assert task_of(hand, old, workspace="v1") == "init"
    hand.delete("refs/heads/drafts/web/v1")
    assert task_of(hand, old, workspace="v2") == ""


def test_an_annotation_in_the_middle_of_a_line_is_none(hand: Handmade) -> None:
    assert task_of(hand, f"Creating {INIT}") == ""
    assert task_of(hand, f"Creating\n   {INIT}\t\r\n") == "init"


def test_publishing_is_by_the_author_of_the_tagged_commit(hand: Handmade) -> None:
    draft = hand.commit(WEB, message=f"x\n\n{INIT}\n", author="Ann <ann@example.com>")
    hand.set("refs/heads/drafts/web/d", draft)
    hand.set(
        "refs/tags/web/v1",
        hand.commit(WEB, draft, message=f"x\n\n{APPROVAL}\n", at=NOON + 60, author="Bob <bob@example.com>"),
    )
    found = {item.ref: (item.published_by, item.published_at, item.created_at) for item in look(hand).revisions}
    assert found == {
        "refs/heads/drafts/web/d": ("", None, "2023-11-14T22:13:20Z"),
        "refs/tags/web/v1": ("bob@example.com", "2023-11-14T22:14:20Z", "2023-11-14T22:13:20Z"),
    }


def test_a_package_on_the_branch_is_as_old_as_its_publication(hand: Handmade) -> None:
    """Whatever else happens on the branch: its object must not look new each time."""
    approval = hand.commit(WEB, message=f"x\n\n{APPROVAL}\n")
    hand.set("refs/heads/main", hand.commit({**WEB, "y": ""}, approval, at=NOON + 600))
    assert only(look(hand)).created_at == "2023-11-14T22:13:20Z"


# --- what cannot be read


def test_odd_objects_hide_nothing_else(hand: Handmade) -> None:
    hand.set("refs/heads/drafts/web/a", hand.commit(WEB))
    text = hand.git("cat-file", "commit", "refs/heads/drafts/web/a")
    tree = text.split()[1]
    odd = {
        "no-tree": ("commit", text.replace("tree ", "treee ")),
        "missing-tree": ("commit", text.replace(tree, "1" * 40)),
        "no-author": ("commit", f"tree {tree}\n\nx"),
        "late": ("commit", text.replace(str(NOON), "9" * 30)),
        "tag-of-nothing": ("tag", "x"),
        "tag-of-missing": ("tag", f"object {'1' * 40}\ntype commit\ntag x\n\nx"),
        "tag-of-tree": ("tag", f"object {tree}\ntype tree\ntag x\n\nx"),
        "blob": ("blob", "x"),
        "tree": ("tree", ""),
    }
    for number, (kind, content) in enumerate(odd.values(), 2):
        name = hand.git("hash-object", "-t", kind, "-w", "--literally", "--stdin", stdin=content)
        (hand.path / "refs/tags/web").mkdir(parents=True, exist_ok=True)
        (hand.path / f"refs/tags/web/v{number}").write_text(f"{name}\n")
    (hand.path / "refs/tags/web/v99").write_text(f"{'2' * 40}\n")
    snapshot = look(hand)
    kept = list(odd).index("no-author") + 2, list(odd).index("late") + 2
    assert [found.revision for found in snapshot.revisions] == [0, *kept]
    assert len(snapshot.warnings) == len(odd) + 1 - len(kept)


def test_a_directory_that_cannot_be_read_hides_no_other(hand: Handmade) -> None:
    web = hand.git("rev-parse", f"{hand.commit(WEB)}:web")
    listing = f"040000 tree {'1' * 40}\tlost\n040000 tree {web}\tweb\n"
    tree = hand.git("mktree", "--missing", stdin=listing)
    hand.set("refs/heads/main", hand.git("commit-tree", tree, "-m", "x"))
    snapshot = look(hand)
    assert [found.path for found in snapshot.revisions] == ["web"]
    assert len(snapshot.warnings) == 1


def test_names_that_are_not_utf_8_hide_nothing(hand: Handmade) -> None:
    commit = hand.commit({**WEB, "caf\udce9/Kptfile": KPTFILE})
    hand.set("refs/heads/main", commit)
    with (hand.path / "packed-refs").open("wb") as packed:
        packed.write(commit.encode() + b" refs/tags/caf\xe9/v1\n")
    snapshot = look(hand)
    assert [found.path for found in snapshot.revisions] == ["web"]
    assert len(snapshot.warnings) == 2

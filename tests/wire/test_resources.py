"""The files of a package revision, worked on with kubectl."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.wire.space import DOTTED, RESOURCES, REVISIONS, Space


@pytest.fixture
def drafted(space: Space) -> Space:
    space.draft()
    return space


def _obj(space: Space) -> dict[str, Any]:
    found: dict[str, Any] = space.kubectl("get", "packagerevisionresources", DOTTED, "-o", "json").json()
    return found


def _replace(space: Space, obj: dict[str, Any]) -> None:
    space.kubectl("replace", "-f", "-", stdin=json.dumps(obj))


def test_list_counts_files(drafted: Space) -> None:
    rows = [line.split() for line in drafted.kubectl("get", "packagerevisionresources").out.splitlines()]
    assert rows == [
        ["NAME", "PACKAGE", "WORKSPACENAME", "REVISION", "REPOSITORY", "FILES"],
        [DOTTED, "my-package", "v1", "0", "blueprints", "3"],
    ]


def test_files_are_added_changed_and_deleted_in_one_commit(drafted: Space) -> None:
    before, obj = drafted.refs(), _obj(drafted)
    files = obj["spec"]["resources"]
    files["deploy/app.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n"
    files["README.md"] = "# Mine\n"
    del files["package-context.yaml"]
    _replace(drafted, obj)
    now = _obj(drafted)["spec"]["resources"]
    assert now.keys() == {"Kptfile", "README.md", "deploy/app.yaml"}
    assert now["README.md"] == "# Mine\n"
    assert drafted.refs() != before


def test_patch_changes_one_file(drafted: Space) -> None:
    patch = json.dumps({"spec": {"resources": {"note.txt": "hello\n", "package-context.yaml": None}}})
    for kind in ("merge", "strategic"):
        drafted.kubectl("patch", "packagerevisionresources", DOTTED, f"--type={kind}", "-p", patch)
    assert _obj(drafted)["spec"]["resources"].keys() == {"Kptfile", "README.md", "note.txt"}


def test_what_changes_nothing_is_no_commit(drafted: Space) -> None:
    before, obj = drafted.refs(), _obj(drafted)
    _replace(drafted, obj)
    assert drafted.refs() == before
    assert _obj(drafted) == obj


def test_binaries_travel_apart_and_survive_clients_that_do_not_know_them(drafted: Space) -> None:
    data = base64.b64encode(b"\x89PNG\xff\x00").decode()
    obj = _obj(drafted)
    obj["spec"]["binaryResources"] = {"logo.png": data}
    _replace(drafted, obj)
    obj = _obj(drafted)
    assert obj["spec"]["binaryResources"] == {"logo.png": data}
    del obj["spec"]["binaryResources"]
    obj["spec"]["resources"]["note.txt"] = "hello\n"
    _replace(drafted, obj)
    obj = _obj(drafted)
    assert obj["spec"]["binaryResources"] == {"logo.png": data}
    obj["spec"]["binaryResources"] = {}
    _replace(drafted, obj)
    assert "logo.png" not in _obj(drafted)["spec"].get("binaryResources", {})


def test_a_stale_version_is_a_conflict(drafted: Space) -> None:
    stale, obj = _obj(drafted), _obj(drafted)
    obj["spec"]["resources"]["note.txt"] = "first\n"
    _replace(drafted, obj)
    stale["spec"]["resources"]["note.txt"] = "second\n"
    refusal = drafted.refused("replace", "-f", "-", stdin=json.dumps(stale))
    assert refusal.startswith("Error from server (Conflict): ")
    assert "the object has been modified" in refusal
    assert _obj(drafted)["spec"]["resources"]["note.txt"] == "first\n"


def test_a_label_on_the_revision_leaves_the_version_of_its_files(drafted: Space) -> None:
    files, revision = drafted.version(RESOURCES, DOTTED), drafted.version(REVISIONS, DOTTED)
    drafted.kubectl("label", "packagerevision", DOTTED, "a=b")
    assert drafted.version(RESOURCES, DOTTED) == files
    assert drafted.version(REVISIONS, DOTTED) != revision


def test_a_change_of_files_is_an_event_of_the_revision(drafted: Space) -> None:
    with drafted.following("get", "packagerevisions", "-w", "--output-watch-events", "--no-headers") as lines:
        lines.until("ADDED")
        patch = json.dumps({"spec": {"resources": {"note.txt": "hello\n"}}})
        drafted.kubectl("patch", "packagerevisionresources", DOTTED, "--type=merge", "-p", patch)
        assert lines.next().split()[:2] == ["MODIFIED", DOTTED]


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a//b", ".git/config", "a/./b", "nul\0", "", "line\nbreak"])
def test_hostile_paths_are_named(drafted: Space, path: str) -> None:
    before = drafted.refs()
    answer = drafted.client.send(
        "PATCH",
        drafted.path(RESOURCES, DOTTED),
        {"spec": {"resources": {path: "x"}}},
        content_type="application/merge-patch+json",
    )
    assert (answer.status, answer.json()["reason"]) == (422, "Invalid")
    assert answer.json()["details"]["causes"][0]["field"].startswith("spec.resources[")
    assert drafted.refs() == before


def test_they_come_and_go_with_their_revision(drafted: Space) -> None:
    assert "(MethodNotAllowed)" in drafted.refused("delete", "packagerevisionresources", DOTTED)
    drafted.kubectl("delete", "packagerevision", DOTTED)
    assert "(NotFound)" in drafted.refused("get", "packagerevisionresources", DOTTED)


def test_packages_are_what_revisions_are_of(drafted: Space) -> None:
    drafted.draft("team/other")
    rows = [line.split() for line in drafted.kubectl("get", "packages", "--no-headers").out.splitlines()]
    assert rows == [
        ["blueprints.my-package", "my-package", "blueprints", "0"],
        ["blueprints.team.other", "team/other", "blueprints", "0"],
    ]
    package = drafted.get("packages", "blueprints.team.other")
    assert package["spec"] == {"packageName": "team/other", "repository": "blueprints"}
    assert drafted.kubectl("get", "packages", "--field-selector=spec.packageName=my-package", "-o", "name").out == (
        "porchpackage.porch.kpt.dev/blueprints.my-package\n"
    )
    assert "(MethodNotAllowed)" in drafted.refused("delete", "package.porch.kpt.dev", "blueprints.my-package")

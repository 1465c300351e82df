"""kubectl's verbs that change a package revision."""

from __future__ import annotations

import json

import pytest

from tests.wire.space import DASHED, DOTTED, REVISIONS, Space, revision

_PRINTED = f"packagerevision.porch.kpt.dev/{DOTTED}"


@pytest.fixture
def drafted(space: Space) -> Space:
    space.draft()
    return space


def _metadata(space: Space) -> dict[str, object]:
    metadata: dict[str, object] = space.get(REVISIONS, DOTTED)["metadata"]
    return metadata


def test_label_and_annotate(drafted: Space) -> None:
    assert drafted.kubectl("label", "packagerevision", DOTTED, "team=net").out == f"{_PRINTED} labeled\n"
    assert drafted.kubectl("annotate", "packagerevision", DOTTED, "note=two words").out == f"{_PRINTED} annotated\n"
    assert _metadata(drafted)["labels"] == {"team": "net"}
    assert _metadata(drafted)["annotations"] == {"note": "two words"}
    drafted.kubectl("label", "packagerevision", DOTTED, "team-")
    assert "labels" not in _metadata(drafted)


def test_label_does_not_overwrite_unless_told_to(drafted: Space) -> None:
    drafted.kubectl("label", "packagerevision", DOTTED, "team=net")
    assert "already has a value (net)" in drafted.refused("label", "packagerevision", DOTTED, "team=web")
    drafted.kubectl("label", "packagerevision", DOTTED, "team=web", "--overwrite")
    assert _metadata(drafted)["labels"] == {"team": "web"}


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("strategic", {"metadata": {"labels": {"team": "net"}}}),
        ("merge", {"metadata": {"labels": {"team": "net"}}}),
        ("json", [{"op": "add", "path": "/metadata/labels", "value": {"team": "net"}}]),
    ],
)
def test_patch(drafted: Space, kind: str, patch: object) -> None:
    done = drafted.kubectl("patch", "packagerevision", DOTTED, f"--type={kind}", "-p", json.dumps(patch))
    assert done.out == f"{_PRINTED} patched\n"
    assert _metadata(drafted)["labels"] == {"team": "net"}
    if kind != "json":
        again = drafted.kubectl("patch", "packagerevision", DOTTED, f"--type={kind}", "-p", json.dumps(patch))
        assert again.out == f"{_PRINTED} patched (no change)\n"


def test_patch_is_strategic_by_default(drafted: Space) -> None:
    """Finalizers are a set in Kubernetes: a strategic patch adds to them."""
    for finalizer in ("example.com/one", "example.com/two"):
        drafted.kubectl("patch", "packagerevision", DOTTED, "-p", json.dumps({"metadata": {"finalizers": [finalizer]}}))
    assert sorted(_metadata(drafted)["finalizers"]) == ["example.com/one", "example.com/two"]  # type: ignore[call-overload]
    drafted.kubectl("patch", "packagerevision", DOTTED, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')


def test_a_json_patch_whose_test_fails_changes_nothing(drafted: Space) -> None:
    before = _metadata(drafted)
    patch = [
        {"op": "test", "path": "/spec/lifecycle", "value": "Published"},
        {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}},
    ]
    drafted.refused("patch", "packagerevision", DOTTED, "--type=json", "-p", json.dumps(patch))
    assert _metadata(drafted) == before


def test_edit_of_user_metadata_is_no_commit(drafted: Space) -> None:
    before = drafted.refs()
    done = drafted.kubectl("edit", "packagerevision", DASHED, EDITOR="sed -i 's/^  name: /  labels: {team: net}\\n&/'")
    assert done.out == f"packagerevision.porch.kpt.dev/{DASHED} edited\n"
    assert _metadata(drafted)["labels"] == {"team": "net"}
    assert drafted.refs() == before


def test_edit_of_package_metadata_and_readiness_gates_is_one_commit_of_the_kptfile(drafted: Space) -> None:
    before = drafted.refs()
    gates, labels = "  readinessGates: [{conditionType: example.com.Ready}]", "    labels: {tier: db}"
    editor = f"sed -i 's/^  packageMetadata:/{gates}\\n&\\n{labels}/'"
    drafted.kubectl("edit", "packagerevision", DOTTED, EDITOR=editor)
    spec = drafted.get(REVISIONS, DOTTED)["spec"]
    assert spec["packageMetadata"]["labels"] == {"tier": "db"}
    assert spec["readinessGates"] == [{"conditionType": "example.com.Ready"}]
    kptfile = drafted.get("packagerevisionresources", DOTTED)["spec"]["resources"]["Kptfile"]
    assert "tier: db" in kptfile
    assert "conditionType: example.com.Ready" in kptfile
    assert drafted.refs() != before


def test_edit_that_changes_nothing_writes_nothing(drafted: Space) -> None:
    before = _metadata(drafted)
    assert "Edit cancelled, no changes made." in drafted.kubectl("edit", "packagerevision", DOTTED, EDITOR="true").err
    assert _metadata(drafted) == before


def test_replace(drafted: Space) -> None:
    obj = drafted.get(REVISIONS, DOTTED)
    obj["metadata"]["labels"] = {"team": "net"}
    assert drafted.kubectl("replace", "-f", "-", stdin=json.dumps(obj)).out == f"{_PRINTED} replaced\n"
    assert _metadata(drafted)["labels"] == {"team": "net"}

    obj["metadata"]["labels"] = {"team": "stale"}
    refusal = drafted.refused("replace", "-f", "-", stdin=json.dumps(obj))
    assert refusal == (
        'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on '
        f'packagerevisions.porch.kpt.dev "{DOTTED}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert _metadata(drafted)["labels"] == {"team": "net"}


def test_diff(drafted: Space) -> None:
    obj = drafted.get(REVISIONS, DOTTED)
    assert drafted.kubectl("diff", "-f", "-", stdin=json.dumps(obj)).out == ""
    obj["metadata"]["labels"] = {"team": "net"}
    before = _metadata(drafted)
    done = drafted.kubectl("diff", "-f", "-", stdin=json.dumps(obj), code=1)
    assert "+    team: net" in done.out
    assert _metadata(drafted) == before


def test_delete_waits_until_the_object_is_gone(drafted: Space) -> None:
    done = drafted.kubectl("delete", "packagerevision", DOTTED)
    assert done.out.startswith(f'packagerevision.porch.kpt.dev "{DOTTED}" deleted')
    assert drafted.names(REVISIONS) == []
    assert set(drafted.refs()) == {"refs/heads/main"}
    drafted.draft()


def test_delete_waits_for_finalizers(drafted: Space) -> None:
    drafted.kubectl("patch", "packagerevision", DOTTED, "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
    drafted.kubectl("delete", "packagerevision", DOTTED, "--wait=false")
    assert _metadata(drafted)["deletionTimestamp"]
    assert "refs/heads/drafts/my-package/v1" in drafted.refs()
    with drafted.following("get", "packagerevisions", "-w", "--output-watch-events") as lines:
        lines.until("ADDED")
        drafted.kubectl("patch", "packagerevision", DOTTED, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        lines.until("DELETED")
    assert drafted.names(REVISIONS) == []
    assert set(drafted.refs()) == {"refs/heads/main"}


def test_delete_by_label_and_all(drafted: Space) -> None:
    drafted.draft("other")
    drafted.kubectl("label", "packagerevision", DOTTED, "team=net")
    drafted.kubectl("delete", "packagerevisions", "-l", "team=net")
    assert drafted.names(REVISIONS) == ["blueprints.other.v1"]
    drafted.kubectl("delete", "packagerevisions", "--all")
    assert drafted.names(REVISIONS) == []


def test_the_main_endpoint_does_not_publish(drafted: Space) -> None:
    before = drafted.get(REVISIONS, DOTTED)
    refusal = drafted.refused("patch", "packagerevision", DOTTED, "-p", '{"spec":{"lifecycle":"Published"}}')
    assert "spec.lifecycle: Invalid value" in refusal
    assert drafted.get(REVISIONS, DOTTED) == before


def test_dry_run_by_the_client_sends_nothing(empty: Space) -> None:
    done = empty.kubectl("create", "--dry-run=client", "-o", "name", "-f", "-", stdin=json.dumps(revision()))
    assert done.out.startswith("packagerevision.porch.kpt.dev/")
    assert empty.names(REVISIONS) == []


def test_dry_run_by_the_server_leaves_nothing(space: Space) -> None:
    before = (space.refs(), _newest(space))
    done = space.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(revision()))
    assert done.out == f"{_PRINTED} created (server dry run)\n"
    assert space.names(REVISIONS) == []
    assert (space.refs(), _newest(space)) == before

    space.draft()
    before = (space.refs(), _newest(space))
    refusal = space.refused("create", "--dry-run=server", "-f", "-", stdin=json.dumps(revision()))
    assert "workspaceNames must be unique" in refusal
    space.kubectl("label", "--dry-run=server", "packagerevision", DOTTED, "a=b")
    space.kubectl(
        "patch",
        "--dry-run=server",
        "packagerevision",
        DOTTED,
        "-p",
        '{"spec":{"packageMetadata":{"labels":{"a":"b"}}}}',
    )
    space.kubectl("delete", "--dry-run=server", "packagerevision", DOTTED)
    assert (space.refs(), _newest(space)) == before


def _newest(space: Space) -> dict[str, str]:
    items = space.client.send("GET", space.path(REVISIONS)).json()["items"]
    return {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in items}

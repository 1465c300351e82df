"""Rows 40 and 41: subresources and generations."""

from __future__ import annotations

import json

from tests.conformance.objects import REPOSITORIES, widget
from tests.wire.space import Space


def test_row_40_the_status_subresource(space: Space) -> None:
    status = {"status": {"conditions": [{"type": "Seen", "status": "True", "reason": "Test", "message": ""}]}}
    before = space.get(REPOSITORIES, "blueprints")["spec"]
    patch = json.dumps(status | {"spec": {"description": "not here"}})
    space.kubectl("patch", "repository", "blueprints", "--subresource=status", "--type=merge", "-p", patch)
    shown = space.kubectl("get", "repository", "blueprints", "--subresource=status", "-o", "json").json()
    assert shown["kind"] == "Repository"
    assert shown["spec"] == before
    answer = space.client.send(
        "PATCH",
        f"{space.path(REPOSITORIES, 'blueprints')}/status",
        status | {"metadata": {"labels": {"k": "v"}}},
        content_type="application/merge-patch+json",
    )
    assert [item["type"] for item in answer.json()["status"]["conditions"]] == ["Seen"]
    assert "labels" not in answer.json()["metadata"]
    absent = space.client.send("PATCH", f"{space.path(REPOSITORIES, 'blueprints')}/scale", {})
    assert absent.status == 404


def test_row_41_the_generation_counts_changes_of_the_spec(empty: Space) -> None:
    assert empty.create(REPOSITORIES, widget())["metadata"]["generation"] == 1
    empty.kubectl("label", "repository", "a", "k=v")
    assert empty.get(REPOSITORIES, "a")["metadata"]["generation"] == 1
    empty.kubectl("patch", "repository", "a", "--type=merge", "-p", '{"spec":{"description":"new"}}')
    assert empty.get(REPOSITORIES, "a")["metadata"]["generation"] == 2

"""Whatever is sent: a 4xx that names the field, never a traceback, never half a change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.server import Client, Server
from tests.wire.space import DOTTED, REVISIONS, Space, revision

_BOMB = "\n".join(["l0: &l0 [x]", *(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12))]).encode()


def test_strict_validation_names_every_unknown_field(space: Space) -> None:
    wrong = revision() | {"colour": "red"}
    wrong["spec"]["size"] = 1
    wrong["spec"]["tasks"][0]["init"]["mood"] = "good"
    refusal = space.refused("create", "--validate=strict", "-f", "-", stdin=json.dumps(wrong))
    for field in ("colour", "spec.size", "spec.tasks[0].init.mood"):
        assert f'unknown field "{field}"' in refusal
    assert space.names(REVISIONS) == []
    done = space.kubectl("create", "--validate=warn", "-f", "-", stdin=json.dumps(wrong))
    assert 'Warning: unknown field "spec.size"' in done.err


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"repository": ""}, 422, "spec.repository"),
        ({"packageName": ""}, 422, "spec.packageName"),
        ({"packageName": "../up"}, 422, "spec.packageName"),
        ({"packageName": "a-/-b"}, 422, "spec.packageName"),
        ({"packageName": ".git"}, 422, "spec.packageName"),
        ({"packageName": "a\0b"}, 422, "spec.packageName"),
        ({"packageName": "x" * 1000}, 422, "spec.packageName"),
        ({"workspaceName": ""}, 422, "spec.workspaceName"),
        ({"workspaceName": "V.1"}, 422, "spec.workspaceName"),
        ({"lifecycle": "Published"}, 422, "spec.lifecycle"),
        ({"lifecycle": "Foo"}, 422, "spec.lifecycle"),
        ({"tasks": [{"type": "init", "init": {}}, {"type": "init", "init": {}}]}, 422, "spec.tasks"),
        ({"tasks": [{"type": "eval"}]}, 422, "spec.tasks[0].type"),
        ({"tasks": [{"type": "init"}]}, 422, "spec.tasks[0].init"),
        ({"tasks": [{"type": "edit", "edit": {}}]}, 422, "spec.tasks[0].edit.sourceRef"),
        ({"tasks": [{"type": "upgrade"}]}, 422, "spec.tasks[0].upgrade"),
        ({"tasks": [{"type": "clone", "clone": {}}]}, 422, "spec.tasks[0].clone.upstreamRef"),
        ({"parent": {"name": "other"}}, 422, "spec.parent"),
        ({"packageName": 7}, 400, "spec.packageName"),
        ({"tasks": {}}, 400, "spec.tasks"),
    ],
)
def test_a_wrong_field_of_a_create_is_named(space: Space, changes: dict[str, Any], status: int, field: str) -> None:
    wrong = revision()
    wrong["spec"] |= changes
    answer = space.client.send("POST", space.path(REVISIONS), wrong)
    assert answer.status == status, answer
    told = answer.json()
    causes = [cause["field"] for cause in told["details"]["causes"]] if status == 422 else []
    assert field in causes or field in told["message"]
    assert space.names(REVISIONS) == []


def test_packages_that_clash(space: Space) -> None:
    space.draft("team/app")
    for package, workspace, reason in (
        ("team/app", "v1", "AlreadyExists"), ("team/app", "v2", "AlreadyExists"),
        ("team", "v1", "Conflict"), ("team/app/inner", "v1", "Conflict"),
    ):  # fmt: skip
        answer = space.client.send("POST", space.path(REVISIONS), revision(package, workspace))
        assert (answer.status, answer.json()["reason"]) == (409, reason), answer
    assert space.draft("app") == "blueprints.app.v1"


def test_a_repository_that_does_not_exist(empty: Space) -> None:
    assert empty.refused("create", "-f", "-", stdin=json.dumps(revision(repository="nope"))) == (
        'Error from server (NotFound): error when creating "STDIN": repositories.config.porch.kpt.dev "nope" not found'
    )


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"spec": "\xff"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"kind": "Secret", "apiVersion": "v1"}', "application/json", 400),
        (_BOMB, "application/yaml", 400),
        (b"k8s\0garbage", "application/vnd.kubernetes.protobuf", 415),
        (b"x", "text/plain", 415),
        (b" " * (4 * 1024 * 1024), "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read(space: Space, body: bytes, content_type: str, status: int) -> None:
    answer = space.client.send("POST", space.path(REVISIONS), body, content_type=content_type)
    assert answer.status == status, answer
    assert answer.json()["kind"] == "Status"
    assert b"Traceback" not in answer.body


def test_every_answer_has_an_audit_id(client: Client) -> None:
    first, second = (client.send("GET", "/api/v1/namespaces/default").headers["audit-id"] for _ in range(2))
    assert first != second
    kept = client.send("GET", "/nowhere", headers={"Audit-Id": "mine"})
    assert (kept.status, kept.headers["audit-id"]) == (404, "mine")


def test_preconditions_of_a_delete(space: Space) -> None:
    space.draft()
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": "0"}}
    answer = space.client.send("DELETE", space.path(REVISIONS, DOTTED), options)
    assert (answer.status, answer.json()["reason"]) == (409, "Conflict")
    assert space.names(REVISIONS) == [DOTTED]


def test_the_log_of_the_server_has_no_traceback(server: Server) -> None:
    assert "unexpected error" not in server.log.read_text()

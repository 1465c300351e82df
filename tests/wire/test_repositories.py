"""Repositories: registering, looking at, taking away and bringing back."""

from __future__ import annotations

import json

from tests.wire.space import DOTTED, REVISIONS, Space, repository


def test_columns_and_conditions(space: Space) -> None:
    rows = [line.split("  ") for line in space.kubectl("get", "repositories").out.splitlines()]
    header = [cell.strip() for cell in rows[0] if cell.strip()]
    assert header == ["NAME", "TYPE", "CONTENT", "SYNC SCHEDULE", "DEPLOYMENT", "READY", "ADDRESS", "BRANCH", "AGE"]
    cells = space.kubectl("get", "repositories", "--no-headers").out.split()
    assert cells[:-1] == ["blueprints", "git", "Package", "false", "True", "hosted:///blueprints", "main"]
    status = space.get("repositories", "blueprints")["status"]
    (condition,) = status["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("Ready", "True", "Ready")
    assert status["cloneURL"].endswith(f"/git/{space.namespace}/blueprints.git")


def test_revisions_vanish_with_their_repository_and_come_back_with_it(space: Space) -> None:
    space.draft()
    uid, refs = space.get(REVISIONS, DOTTED)["metadata"]["uid"], space.refs()
    with space.following("get", "packagerevisions", "-w", "--output-watch-events", "--no-headers") as lines:
        assert lines.next().split()[:2] == ["ADDED", DOTTED]
        space.kubectl("delete", "repository", "blueprints")
        assert lines.next().split()[:2] == ["DELETED", DOTTED]
        assert space.names(REVISIONS) == []
        assert space.refs() == refs, "git is not touched"
        space.register()
        assert lines.next().split()[:2] == ["ADDED", DOTTED]
    assert space.get(REVISIONS, DOTTED)["metadata"]["uid"] == uid


def test_the_same_place_cannot_be_registered_twice(space: Space) -> None:
    for obj in (
        repository("again", "hosted:///blueprints"),
        repository("inside", "hosted:///blueprints", directory="teams"),
    ):
        refusal = space.refused("create", "-f", "-", stdin=json.dumps(obj))
        assert refusal.startswith("Error from server (Conflict): ")
        assert "blueprints" in refusal


def test_directories_beside_each_other_are_repositories_of_their_own(empty: Space) -> None:
    for name in ("one", "two"):
        empty.register(name, "hosted:///shared", directory=name)
        empty.draft("app", repository=name)
    assert empty.names(REVISIONS) == ["one.app.v1", "two.app.v1"]
    assert {"refs/heads/drafts/one/app/v1", "refs/heads/drafts/two/app/v1"} <= empty.refs("shared").keys()


def test_a_remote_that_does_not_answer_shows_in_the_condition(empty: Space) -> None:
    from tests.support.githttp import dead_url

    empty.create("repositories", repository("dead", dead_url()))
    empty.kubectl("wait", "--for=jsonpath={.status.conditions[0].reason}=Error", "repository/dead", "--timeout=20s")
    (condition,) = empty.get("repositories", "dead")["status"]["conditions"]
    assert condition["reason"] == "Error"
    assert condition["message"]


def test_what_cannot_be_a_repository(empty: Space) -> None:
    for spec, field in (
        ({"type": "svn"}, "spec.type"),
        ({"type": "git", "git": {"repo": "http://me:secret@example.com/x.git"}}, "spec.git.repo"),
        ({"type": "git", "git": {"repo": "file:///etc"}}, "spec.git.repo"),
        ({"type": "git", "git": {"repo": "hosted:///../up"}}, "spec.git.repo"),
        ({"type": "git", "git": {"repo": "hosted:///x", "directory": "../up"}}, "spec.git.directory"),
        ({"type": "git", "git": {"repo": "hosted:///x", "branch": "drafts/x"}}, "spec.git.branch"),
    ):
        answer = empty.client.send("POST", empty.path("repositories"), {"metadata": {"name": "x"}, "spec": spec})
        assert answer.status == 422, answer
        assert (
            field in {cause["field"] for cause in answer.json()["details"]["causes"]}
            or field in answer.json()["message"]
        )
        assert b"secret@" not in answer.body
    assert empty.names("repositories") == []

"""A package revision answers to its dotted name and to the dashed one of the sample request flow."""

from __future__ import annotations

import json

import pytest

from tests.support.server import Server
from tests.wire.space import DASHED, DOTTED, RESOURCES, REVISIONS, Space, events


@pytest.mark.parametrize("resource", [REVISIONS, RESOURCES])
def test_an_answer_carries_the_name_that_was_asked_for(space: Space, resource: str) -> None:
    space.draft()
    dotted, dashed = space.get(resource, DOTTED), space.get(resource, DASHED)
    assert dashed["metadata"].pop("name") == DASHED
    assert dotted["metadata"].pop("name") == DOTTED
    assert dashed == dotted


def test_collections_carry_the_dotted_name(space: Space) -> None:
    space.draft()
    assert space.names(REVISIONS) == space.names(RESOURCES) == [DOTTED]


def test_patch_and_delete_by_the_dashed_name(space: Space) -> None:
    space.draft()
    space.kubectl("patch", "packagerevision", DASHED, "-p", '{"metadata":{"labels":{"a":"b"}}}')
    assert space.get(REVISIONS, DOTTED)["metadata"]["labels"] == {"a": "b"}
    assert f'"{DASHED}" deleted' in space.kubectl("delete", "packagerevision", DASHED).out
    assert space.names(REVISIONS) == []


def test_resources_are_replaced_by_the_dashed_name(space: Space) -> None:
    space.draft()
    obj = space.get(RESOURCES, DASHED)
    obj["spec"]["resources"]["note.txt"] = "hello\n"
    space.kubectl("replace", "-f", "-", stdin=json.dumps(obj))
    assert space.get(RESOURCES, DOTTED)["spec"]["resources"]["note.txt"] == "hello\n"


def test_a_watch_of_one_dashed_name_carries_it(space: Space) -> None:
    space.draft()
    with space.following("get", "packagerevision", DASHED, "-w", "--output-watch-events", "--no-headers") as lines:
        assert lines.next().split()[:2] == ["ADDED", DASHED]
        space.kubectl("label", "packagerevision", DOTTED, "a=b")
        assert lines.next().split()[:2] == ["MODIFIED", DASHED]
        space.kubectl("delete", "packagerevision", DOTTED)
        assert lines.next().split()[:2] == ["DELETED", DASHED]


def test_rights_are_on_the_dotted_name(space: Space, server: Server) -> None:
    space.draft()
    space.draft("other")
    token = server.user(f"{space.namespace}-named")
    space.kubectl(
        "create", "role", "one", "--verb=get", "--resource=packagerevisions.porch.kpt.dev", f"--resource-name={DOTTED}"
    )
    space.kubectl("create", "rolebinding", "one", "--role=one", f"--user={space.namespace}-named")
    asked = ("get", "packagerevision")
    for name in (DOTTED, DASHED):
        assert space.kubectl(*server.as_user(token), *asked, name, "-o", "name").out.endswith(f"/{name}\n")
        assert (
            space.kubectl("auth", "can-i", "get", f"packagerevision/{name}", f"--as={space.namespace}-named").out
            == "yes\n"
        )
    refusal = space.refused(*server.as_user(token), *asked, "blueprints-other-v1")
    assert '"blueprints.other.v1" is forbidden' in refusal


def test_an_ambiguous_dashed_name_lists_the_candidates(space: Space, server: Server) -> None:
    space.draft("a/b")
    space.draft("a-b")
    refusal = space.refused("get", "packagerevision", "blueprints-a-b-v1")
    assert refusal.startswith("Error from server (Conflict): ")
    assert "blueprints.a-b.v1, blueprints.a.b.v1" in refusal
    token = server.user(f"{space.namespace}-nobody")
    hidden = space.refused(*server.as_user(token), "get", "packagerevision", "blueprints-a-b-v1")
    assert "(Forbidden)" in hidden
    assert "blueprints.a.b.v1" not in hidden


def test_another_name_in_a_create_is_ignored_with_a_warning(space: Space) -> None:
    manifest = json.dumps(
        {
            "apiVersion": "porch.kpt.dev/v1alpha1",
            "kind": "PackageRevision",
            "metadata": {"name": "something-else"},
            "spec": {"repository": "blueprints", "packageName": "my-package", "workspaceName": "v1"},
        }
    )
    done = space.kubectl("create", "-f", "-", stdin=manifest)
    assert done.out == f"packagerevision.porch.kpt.dev/{DOTTED} created\n"
    assert 'metadata.name "something-else" is ignored' in done.err


def test_a_raw_watch_of_one_name(space: Space) -> None:
    space.draft()
    query = f"?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3D{DASHED}"
    with space.client.open("GET", space.path(REVISIONS) + query) as response:
        assert [event["object"]["metadata"]["name"] for event in events(response)] == [DASHED]

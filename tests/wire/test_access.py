"""Who may do what: tokens, stored roles, impersonation, nobody."""

from __future__ import annotations

import json

import pytest

from tests.support.server import PORCH, Server
from tests.wire.space import DOTTED, Space, revision


def _bound(space: Space, role: str) -> list[str]:
    """kubectl's arguments for a new user who has the role in this namespace."""
    user = f"{space.namespace}-{role.partition(':')[2]}"
    space.kubectl("create", "rolebinding", user, f"--clusterrole={role}", f"--user={user}")
    return space.server.as_user(space.server.user(user))


def test_a_viewer_reads_and_changes_nothing(space: Space) -> None:
    space.draft()
    viewer = _bound(space, "porch:viewer")
    space.kubectl(*viewer, "get", "packagerevisions,packagerevisionresources,packages,repositories")
    refusal = space.refused(*viewer, "label", "packagerevision", DOTTED, "a=b")
    assert refusal == (
        f'Error from server (Forbidden): packagerevisions.porch.kpt.dev "{DOTTED}" is forbidden: '
        f'User "{space.namespace}-viewer" cannot patch resource "packagerevisions" in API group "porch.kpt.dev" '
        f'in the namespace "{space.namespace}"'
    )
    assert 'cannot list resource "secrets" in API group ""' in space.refused(*viewer, "get", "secrets")


def test_an_editor_makes_packages_but_no_repositories(space: Space) -> None:
    editor = _bound(space, "porch:editor")
    space.kubectl(*editor, "create", "-f", "-", stdin=json.dumps(revision()))
    space.kubectl(*editor, "label", "packagerevision", DOTTED, "a=b")
    space.kubectl(*editor, "delete", "packagerevision", DOTTED)
    assert "(Forbidden)" in space.refused(*editor, "delete", "repository", "blueprints")
    assert "(Forbidden)" in space.kubectl(*editor, "get", "packagerevisions", "--namespace=default", code=1).err


def test_an_approver_does_not_edit(space: Space) -> None:
    space.draft()
    approver = _bound(space, "porch:approver")
    space.kubectl(*approver, "get", "packagerevision", DOTTED)
    assert "(Forbidden)" in space.refused(*approver, "label", "packagerevision", DOTTED, "a=b")
    assert space.kubectl(
        *approver, "auth", "can-i", "update", "packagerevisions", "--subresource=approval"
    ).out.startswith("yes")


def test_whoami(space: Space, server: Server) -> None:
    assert "porch-admin" in server.kubectl("auth", "whoami").out
    token = server.user(f"{space.namespace}-me", "team-a", "team-b")
    out = server.kubectl(*server.as_user(token), "auth", "whoami").out
    assert f"{space.namespace}-me" in out
    assert "[team-a team-b system:authenticated]" in out


def test_can_i(space: Space) -> None:
    assert space.kubectl("auth", "can-i", "create", "packagerevisions.porch.kpt.dev").out == "yes\n"
    assert space.kubectl("auth", "can-i", "create", "packagerevisions", "--as=nobody", code=1).out.startswith("no")
    assert (
        "packagerevisions.porch.kpt.dev" in space.kubectl(*_bound(space, "porch:viewer"), "auth", "can-i", "--list").out
    )


def test_acting_as_somebody_else(space: Space) -> None:
    assert 'User "bob" cannot list' in space.refused("get", "packagerevisions", "--as=bob")
    space.kubectl("create", "rolebinding", "team", "--clusterrole=porch:viewer", "--group=team")
    space.kubectl("get", "packagerevisions", "--as=bob", "--as-group=team")
    viewer = _bound(space, "porch:viewer")
    assert "cannot impersonate" in space.refused(*viewer, "get", "packagerevisions", "--as=porch-admin")


def test_nobody_may_give_away_what_he_does_not_have(space: Space) -> None:
    space.kubectl(
        "create",
        "role",
        "roles",
        "--verb=get,create",
        "--resource=roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io",
    )
    space.kubectl("create", "rolebinding", "roles", "--role=roles", f"--user={space.namespace}-granter")
    granter = space.server.as_user(space.server.user(f"{space.namespace}-granter"))
    refusal = space.refused(*granter, "create", "role", "more", "--verb=get", "--resource=secrets")
    assert "(Forbidden)" in refusal
    assert "secrets" in refusal


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/version"])
def test_anonymous_sees_health_and_version(server: Server, path: str) -> None:
    with server.client(anonymous=True) as client:
        assert client.send("GET", path).status == 200


@pytest.mark.parametrize(
    "path", ["/metrics", "/apis", "/openapi/v3", "/api/v1/namespaces", f"{PORCH}/packagerevisions"]
)
def test_anonymous_sees_nothing_else(server: Server, path: str) -> None:
    with server.client(anonymous=True) as client:
        answer = client.send("GET", path)
        assert answer.status in {401, 403}
        assert answer.json()["kind"] == "Status"


def test_a_wrong_token_is_told_so(server: Server) -> None:
    with server.client("no-such-token") as client:
        answer = client.send("GET", "/api/v1/namespaces")
        assert (answer.status, answer.json()["reason"]) == (401, "Unauthorized")

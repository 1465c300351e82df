"""Who may do what: tokens, stored roles, impersonation, nobody."""

from __future__ import annotations

import json

import pytest

from tests.support.server import PORCH, Server
from tests.wire.space import DOTTED, REVISIONS, Space, revision


def _bound(space: Space, role: str) -> list[str]:
    """kubectl's arguments for a new user who has the role in this namespace."""
    user = f"{space.namespace}-{role.rpartition(':')[2]}"
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


def test_a_namespace_has_its_editors(space: Space) -> None:
    editor = _bound(space, "edit")
    space.kubectl(*editor, "create", "configmap", "c", "--from-literal=a=b")
    space.kubectl(*editor, "create", "serviceaccount", "bot")
    assert space.kubectl(*editor, "create", "token", "bot").out.count(".") == 2
    space.kubectl(*editor, "create", "-f", "-", stdin=json.dumps(revision()))
    refusal = space.refused(*editor, "create", "rolebinding", "b", "--clusterrole=admin", "--user=me")
    assert 'cannot create resource "rolebindings"' in refusal


def test_a_namespace_has_its_administrators(space: Space) -> None:
    admin = _bound(space, "admin")
    space.kubectl(*admin, "create", "rolebinding", "b", "--clusterrole=edit", "--user=somebody")
    refusal = space.refused(*admin, "create", "rolebinding", "c", "--clusterrole=cluster-admin", "--user=x")
    assert "is attempting to grant RBAC permissions not currently held" in refusal
    assert "(Forbidden)" in space.refused(*admin, "delete", "namespace", space.namespace)
    space.kubectl(*admin, "delete", "repository", "blueprints")


def test_can_i_list_tells_all_rights(space: Space) -> None:
    space.kubectl("create", "serviceaccount", "bot")
    space.kubectl("create", "rolebinding", "bot", "--clusterrole=view", f"--serviceaccount={space.namespace}:bot")
    bot = space.server.as_user(space.kubectl("create", "token", "bot").out.strip())
    rights = {
        tuple(line.split()) for line in space.kubectl(*bot, "auth", "can-i", "--list", "--no-headers").out.splitlines()
    }
    assert ("configmaps", "[]", "[]", "[get", "list", "watch]") in rights
    assert ("[/version]", "[]", "[get]") in rights
    assert not any("secrets" in row[0] for row in rights)
    everything = space.kubectl("auth", "can-i", "--list", "--no-headers").out.splitlines()
    assert everything[0].split() == ["*.*", "[]", "[]", "[*]"]
    assert any(line.split() == ["[*]", "[]", "[*]"] for line in everything)


def test_a_delegate_asks_about_others(space: Space) -> None:
    space.kubectl("create", "serviceaccount", "delegate")
    account = f"--serviceaccount={space.namespace}:delegate"
    name = f"{space.namespace}-delegate"
    space.kubectl("create", "clusterrolebinding", name, "--clusterrole=system:auth-delegator", account)
    token = space.kubectl("create", "token", "delegate").out.strip()
    reader = space.server.user(f"{space.namespace}-reader")
    attributes = {"namespace": space.namespace, "verb": "get", "resource": "configmaps"}
    selected = {"fieldSelector": {"rawSelector": "metadata.name=a"}}
    asked = {"spec": {"user": f"{space.namespace}-reader", "resourceAttributes": attributes | selected}}
    with space.server.client(token) as client:
        review = client.send("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": reader}}).json()
        assert review["status"]["user"]["username"] == f"{space.namespace}-reader"
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews?fieldValidation=Strict"
        assert client.send("POST", path, asked).json()["status"]["allowed"] is False
        space.kubectl("create", "rolebinding", "r", "--clusterrole=view", f"--user={space.namespace}-reader")
        assert client.send("POST", path, asked).json()["status"]["allowed"] is True
        local = f"/apis/authorization.k8s.io/v1/namespaces/{space.namespace}/localsubjectaccessreviews"
        assert client.send("POST", local, asked).status == 403
    assert space.client.send("POST", local, asked).json()["status"]["allowed"] is True
    space.kubectl("delete", "clusterrolebinding", name)


def test_authors_propose_and_reviewers_approve(space: Space) -> None:
    """Publishing is update on packagerevisions/approval, and nothing else allows it."""
    space.draft()
    for user, role in (("ann", "porch:editor"), ("rita", "porch:approver")):
        space.kubectl("create", "rolebinding", user, f"--clusterrole={role}", f"--user={user}")
    approval = f"{space.path(REVISIONS)}/{DOTTED}/approval"

    def propose(user: str) -> list[str]:
        return [
            "patch",
            "packagerevision",
            DOTTED,
            "--type=merge",
            "-p",
            '{"spec":{"lifecycle":"Proposed"}}',
            f"--as={user}",
        ]

    def published() -> str:
        return json.dumps(space.get(REVISIONS, DOTTED)).replace('"Proposed"', '"Published"')

    assert 'User "rita" cannot patch' in space.refused(*propose("rita"))
    space.kubectl(*propose("ann"))
    approve = ["replace", "--raw", approval, "-f", "-"]
    assert 'User "ann" cannot update resource "packagerevisions/approval"' in space.refused(
        *approve, "--as=ann", stdin=published()
    )
    space.kubectl(*approve, "--as=rita", stdin=published())
    done = space.get(REVISIONS, DOTTED)
    assert (done["spec"]["lifecycle"], done["spec"]["revision"]) == ("Published", 1)
    assert done["status"]["publishedBy"] == "rita"

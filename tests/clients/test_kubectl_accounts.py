"""A program's own identity with three kubectls: a ServiceAccount, a token for it, roles bound to it."""

from __future__ import annotations

from tests.clients.program import OLDEST, Program


def test_a_service_account_acts_by_its_token(kubectl: Program) -> None:
    namespace = kubectl.space.namespace
    assert kubectl("create", "serviceaccount", "bot").out == "serviceaccount/bot created\n"
    bot = kubectl.space.server.as_user(kubectl("create", "token", "bot", "--duration=1h").out.strip())
    assert "(Forbidden)" in kubectl(*bot, "get", "packagerevisions", code=1).err
    kubectl("create", "rolebinding", "bot", "--clusterrole=porch:viewer", f"--serviceaccount={namespace}:bot")
    assert kubectl(*bot, "get", "packagerevisions").err == f"No resources found in {namespace} namespace.\n"
    assert "is forbidden" in kubectl(*bot, "create", "configmap", "c", code=1).err
    if kubectl.path.name != OLDEST:
        assert f"system:serviceaccount:{namespace}:bot" in kubectl(*bot, "auth", "whoami").out
    kubectl("delete", "serviceaccount", "bot")
    assert "(Unauthorized)" in kubectl(*bot, "get", "packagerevisions", code=1).err

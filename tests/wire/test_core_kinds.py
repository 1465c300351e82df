"""The kinds of Kubernetes that a standalone server keeps itself, made with `kubectl create KIND`."""

from __future__ import annotations

import base64
import json

from tests.wire.space import Space


def test_namespaces(empty: Space) -> None:
    name = f"{empty.namespace}-more"
    assert empty.kubectl("create", "namespace", name).out == f"namespace/{name} created\n"
    assert "(AlreadyExists)" in empty.refused("create", "namespace", name)
    empty.kubectl("delete", "namespace", name)
    assert "(NotFound)" in empty.refused("get", "namespace", name)


def test_secrets_and_config_maps(empty: Space) -> None:
    empty.kubectl(
        "create",
        "secret",
        "generic",
        "login",
        "--type=kubernetes.io/basic-auth",
        "--from-literal=username=me",
        "--from-literal=password=pass",
    )
    secret = empty.get("secrets", "login")
    assert secret["type"] == "kubernetes.io/basic-auth"
    assert base64.b64decode(secret["data"]["password"]) == b"pass"
    empty.kubectl("create", "configmap", "colours", "--from-literal=sky=blue")
    assert empty.get("configmaps", "colours")["data"] == {"sky": "blue"}
    described = empty.kubectl("describe", "secret", "login").out
    assert "password:  4 bytes" in described


def test_roles_and_bindings(empty: Space) -> None:
    empty.kubectl("create", "role", "reader", "--verb=get,list", "--resource=packagerevisions.porch.kpt.dev")
    empty.kubectl("create", "rolebinding", "reader", "--role=reader", "--user=ann", "--group=team")
    name = f"{empty.namespace}-all"
    empty.kubectl("create", "clusterrole", name, "--verb=get", "--resource=secrets", "--non-resource-url=/metrics")
    empty.kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", "--user=ann")
    assert empty.kubectl("auth", "can-i", "list", "packagerevisions", "--as=ann").out == "yes\n"
    assert "packagerevisions.porch.kpt.dev" in empty.kubectl("describe", "role", "reader").out
    assert "ann" in empty.kubectl("get", "rolebinding", "reader", "-o", "wide").out
    empty.kubectl("delete", "clusterrolebinding,clusterrole", name)


def test_generate_name(empty: Space) -> None:
    manifest = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-"}})
    names = {empty.kubectl("create", "-o", "name", "-f", "-", stdin=manifest).out.strip() for _ in range(2)}
    assert len(names) == 2
    assert all(name.startswith("configmap/made-") for name in names)


def test_apply_of_core_kinds(empty: Space) -> None:
    manifest = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}})
    outs = [empty.kubectl("apply", "-f", "-", stdin=manifest).out for _ in range(2)]
    assert outs == ["configmap/c created\n", "configmap/c unchanged\n"]

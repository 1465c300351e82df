"""What every kubectl must be able to change: the oldest to be had, one between, the newest."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.clients.program import OLDEST, Program
from tests.wire.space import DASHED, DOTTED, REVISIONS, revision

_PRINTED = f"packagerevision.porch.kpt.dev/{DOTTED}"
_OURS = ("packagerevision", DOTTED)


@pytest.fixture
def drafted(kubectl: Program) -> Program:
    kubectl.space.register()
    kubectl.space.draft()
    return kubectl


def _found(program: Program) -> dict[str, Any]:
    return program.space.get(REVISIONS, DOTTED)


def test_it_applies_again_and_again(kubectl: Program) -> None:
    kubectl.space.register()
    manifest = json.dumps(revision() | {"metadata": {"name": DOTTED}})
    labelled = json.dumps(revision() | {"metadata": {"name": DOTTED, "labels": {"team": "net"}}})
    outs = [kubectl("apply", "-f", "-", stdin=text).out for text in (manifest, manifest, labelled, labelled, manifest)]
    assert [out.split()[1] for out in outs] == ["created", "unchanged", "configured", "unchanged", "configured"]
    assert "labels" not in _found(kubectl)["metadata"]
    wrong = json.dumps(revision() | {"metadata": {"name": DOTTED}, "colour": "red"})
    assert 'unknown field "colour"' in kubectl("apply", "-f", "-", stdin=wrong, code=1).err


def test_it_applies_kinds_of_kubernetes(kubectl: Program) -> None:
    def config_map(**data: str) -> str:
        return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})

    texts = (config_map(a="b"), config_map(a="b"), config_map(c="d"))
    outs = [kubectl("apply", "-f", "-", stdin=text).out.strip() for text in texts]
    assert outs == ["configmap/c created", "configmap/c unchanged", "configmap/c configured"]
    assert kubectl.space.get("configmaps", "c")["data"] == {"c": "d"}


def test_it_patches_in_every_way(drafted: Program) -> None:
    patches = {
        "strategic": {"metadata": {"labels": {"a": "1"}, "finalizers": ["example.com/one"]}},
        "merge": {"metadata": {"labels": {"b": "2"}, "finalizers": None}},
        "json": [{"op": "add", "path": "/metadata/labels/c", "value": "3"}],
    }
    for kind, patch in patches.items():
        assert drafted("patch", *_OURS, f"--type={kind}", "-p", json.dumps(patch)).out == f"{_PRINTED} patched\n"
    metadata = _found(drafted)["metadata"]
    assert metadata["labels"] == {"a": "1", "b": "2", "c": "3"}
    assert "finalizers" not in metadata
    again = drafted("patch", *_OURS, "-p", json.dumps({"metadata": {"labels": {"a": "1"}}}))
    assert again.out == f"{_PRINTED} patched (no change)\n"


def test_it_labels_annotates_and_edits(drafted: Program) -> None:
    assert drafted("label", *_OURS, "team=net").out == f"{_PRINTED} labeled\n"
    assert "already has a value" in drafted("label", *_OURS, "team=web", code=1).err
    assert drafted("annotate", *_OURS, "note=two words").out == f"{_PRINTED} annotated\n"
    edited = drafted("edit", "packagerevision", DASHED, EDITOR="sed -i 's/team: net/team: web/'")
    assert edited.out == f"packagerevision.porch.kpt.dev/{DASHED} edited\n"
    assert "Edit cancelled" in drafted("edit", *_OURS, EDITOR="true").err
    metadata = _found(drafted)["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == ({"team": "web"}, {"note": "two words"})


def test_it_replaces_and_compares(drafted: Program) -> None:
    obj = _found(drafted)
    assert drafted("diff", "-f", "-", stdin=json.dumps(obj)).out == ""
    obj["metadata"]["labels"] = {"team": "net"}
    assert "+    team: net" in drafted("diff", "-f", "-", stdin=json.dumps(obj), code=1).out
    assert drafted("replace", "-f", "-", stdin=json.dumps(obj)).out == f"{_PRINTED} replaced\n"
    assert "(Conflict)" in drafted("replace", "-f", "-", stdin=json.dumps(obj), code=1).err


def test_it_tries_on_the_server(drafted: Program) -> None:
    before, dry = _found(drafted), "--dry-run=server"
    other = json.dumps(revision("other"))
    assert drafted("create", dry, "-f", "-", stdin=other).out.endswith("created (server dry run)\n")
    assert drafted("label", dry, *_OURS, "a=b").out.startswith(f"{_PRINTED} labeled")
    assert drafted("delete", dry, *_OURS).out.startswith(f'packagerevision.porch.kpt.dev "{DOTTED}" deleted')
    assert drafted.space.names(REVISIONS) == [DOTTED]
    assert _found(drafted) == before


def test_it_writes_a_status_by_itself(drafted: Program) -> None:
    """The server puts the status right again, so what counts is that no spec travels with it."""
    patch = {"spec": {"description": "by a status"}, "status": {"observedGeneration": 0}}
    status = ("patch", "repository", "blueprints", "--subresource=status", "--type=merge", "-p", json.dumps(patch))
    drafted(*status)
    assert "description" not in drafted.space.get("repositories", "blueprints")["spec"]


def test_it_creates_kinds_of_kubernetes(kubectl: Program) -> None:
    name = f"{kubectl.space.namespace}-more"
    assert kubectl("create", "namespace", name).out == f"namespace/{name} created\n"
    assert "(AlreadyExists)" in kubectl("create", "namespace", name, code=1).err
    kubectl("create", "configmap", "colours", "--from-literal=sky=blue")
    assert kubectl.space.get("configmaps", "colours")["data"] == {"sky": "blue"}
    kubectl("create", "secret", "generic", "login", "--from-literal=password=pass")
    assert base64.b64decode(kubectl.space.get("secrets", "login")["data"]["password"]) == b"pass"
    kubectl("create", "role", "reader", "--verb=get,list", "--resource=packagerevisions.porch.kpt.dev")
    kubectl("create", "rolebinding", "reader", "--role=reader", "--user=ann")
    assert kubectl("auth", "can-i", "list", "packagerevisions", "--as=ann").out == "yes\n"
    kubectl("delete", "namespace", name)
    assert "(NotFound)" in kubectl("get", "namespace", name, code=1).err


def test_it_deletes_and_waits(drafted: Program) -> None:
    for package in ("second", "third"):
        drafted.space.draft(package)
    drafted("label", "packagerevision", "blueprints.second.v1", "team=net")
    drafted("delete", *_OURS)
    drafted("delete", "packagerevisions", "-l", "team=net")
    assert drafted.space.names(REVISIONS) == ["blueprints.third.v1"]
    drafted("delete", "packagerevisions", "--all", "--timeout=20s")
    assert drafted.space.names(REVISIONS) == []


def test_it_applies_a_set_and_prunes_what_left_it(drafted: Program) -> None:
    """The classic way, by label."""
    allowed = "--prune-whitelist" if drafted.path.name == OLDEST else "--prune-allowlist"
    kinds = [f"{allowed}={kind}" for kind in ("core/v1/ConfigMap", "porch.kpt.dev/v1alpha1/PackageRevision")]
    packages = [_in_the_set(revision(package), f"blueprints.{package}.v1") for package in ("one", "two")]
    note = _in_the_set({"apiVersion": "v1", "kind": "ConfigMap"}, "note")

    def apply(*objects: dict[str, Any]) -> str:
        stdin = "\n".join(map(json.dumps, objects))
        return drafted("apply", "--prune", "-l", "set=mine", *kinds, "-f", "-", stdin=stdin).out

    apply(*packages, note)
    assert sorted(apply(packages[0]).splitlines()) == [
        "configmap/note pruned",
        "packagerevision.porch.kpt.dev/blueprints.one.v1 unchanged",
        "packagerevision.porch.kpt.dev/blueprints.two.v1 pruned",
    ]
    assert drafted.space.names(REVISIONS) == [DOTTED, "blueprints.one.v1"]


def test_its_apply_sets_are_refused_before_anything_is_made(kubectl: Program) -> None:
    """They write their parent by server-side apply (PATCH with application/apply-patch+yaml), whatever is asked for."""
    if kubectl.path.name == OLDEST:  # it has none
        return
    stdin = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "note"}})
    asked = ("apply", "--prune", "--applyset=configmaps/parent", "-f", "-")
    refusal = kubectl(*asked, stdin=stdin, code=1, KUBECTL_APPLYSET="true").err
    assert refusal.startswith("error: failed to update ApplySet: server-side apply is not built yet")
    assert kubectl.space.names("configmaps") == []


def _in_the_set(obj: dict[str, Any], name: str) -> dict[str, Any]:
    return obj | {"metadata": {"name": name, "labels": {"set": "mine"}}}

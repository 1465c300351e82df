"""Deletes by kubectl: what follows an owner, what is left of it, collections, and whole namespaces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.server import CORE, run
from tests.wire.space import DOTTED, REVISIONS, Space

HOLD = "example.com/hold"


def config_map(name: str, *owners: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": name, "ownerReferences": list(owners), **meta},
    }


def owner(obj: dict[str, Any], *, blocks: bool = True) -> dict[str, Any]:
    meta = obj["metadata"]
    named = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": meta["name"], "uid": meta["uid"]}
    return named | {"blockOwnerDeletion": blocks}


def wait_gone(space: Space, *names: str) -> None:
    space.kubectl("wait", "--for=delete", *names, "--timeout=30s")


def family(space: Space) -> None:
    """`top`, which owns `middle`, which owns `bottom`."""
    top = space.create("configmaps", config_map("top"))
    middle = space.create("configmaps", config_map("middle", owner(top)))
    space.create("configmaps", config_map("bottom", owner(middle)))


def test_in_the_background_dependents_follow(empty: Space) -> None:
    family(empty)
    empty.kubectl("delete", "configmap", "top", "--cascade=background", "--timeout=30s")
    wait_gone(empty, "configmap/middle", "configmap/bottom")


def test_in_the_foreground_the_owner_goes_last(empty: Space) -> None:
    family(empty)
    empty.kubectl("patch", "configmap", "bottom", "-p", json.dumps({"metadata": {"finalizers": [HOLD]}}))
    empty.kubectl("delete", "configmap", "top", "--cascade=foreground", "--wait=false")
    empty.kubectl("wait", "configmap/bottom", "--for=jsonpath={.metadata.deletionTimestamp}", "--timeout=30s")
    assert set(empty.names("configmaps")) == {"top", "middle", "bottom"}
    assert empty.get("configmaps", "top")["metadata"]["finalizers"] == ["foregroundDeletion"]
    empty.kubectl("patch", "configmap", "bottom", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    wait_gone(empty, "configmap/top")
    assert empty.names("configmaps") == []


def test_foreground_waits_until_all_is_gone(empty: Space) -> None:
    family(empty)
    empty.kubectl("delete", "configmap", "top", "--cascade=foreground", "--timeout=30s")
    assert empty.names("configmaps") == []


def test_orphans_stay(empty: Space) -> None:
    family(empty)
    empty.kubectl("delete", "configmap", "top", "--cascade=orphan", "--timeout=30s")
    assert set(empty.names("configmaps")) == {"middle", "bottom"}
    assert "ownerReferences" not in empty.get("configmaps", "middle")["metadata"]


def test_the_last_finalizer_ends_it_with_one_event(empty: Space) -> None:
    made = empty.create("configmaps", config_map("a", finalizers=[HOLD]))
    with empty.following("get", "configmaps", "-w", "--output-watch-events", "--no-headers") as lines:
        lines.until("a")
        empty.kubectl("delete", "configmap", "a", "--wait=false")
        assert lines.next().split()[0] == "MODIFIED"
        empty.kubectl("patch", "configmap", "a", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        assert lines.next().split()[0] == "DELETED"
    assert made["metadata"]["uid"] not in empty.kubectl("get", "configmaps", "-o", "yaml").out


def test_package_revisions_own_and_are_owned(space: Space) -> None:
    top = space.create("configmaps", config_map("top"))
    name = space.draft()
    references = {"metadata": {"ownerReferences": [owner(top)]}}
    space.kubectl("patch", REVISIONS, name, "--type=merge", "-p", json.dumps(references))
    space.create("configmaps", config_map("child", owner(space.get(REVISIONS, name))))
    space.kubectl("delete", "configmap", "top", "--timeout=30s")
    wait_gone(space, f"{REVISIONS}/{name}", "configmap/child")
    assert "refs/heads/drafts/my-package/v1" not in space.refs()


@pytest.mark.parametrize("policy", ["orphan", "foreground", "background"])
def test_a_draft_is_deleted_by_every_policy(space: Space, policy: str) -> None:
    name = space.draft()
    space.create("configmaps", config_map("child", owner(space.get(REVISIONS, name))))
    space.kubectl("delete", REVISIONS, name, f"--cascade={policy}", "--timeout=30s")
    assert space.names(REVISIONS) == []
    if policy == "orphan":
        assert "ownerReferences" not in space.get("configmaps", "child")["metadata"]
    else:
        wait_gone(space, "configmap/child")


def publish(space: Space) -> None:
    """As others do in git: a tag."""
    git_dir = str(space.server.hosted(space.namespace, "blueprints"))
    draft = space.refs()["refs/heads/drafts/my-package/v1"]
    run(["git", "--git-dir", git_dir, "update-ref", "refs/tags/my-package/v1", draft])
    space.kubectl("patch", "repository", "blueprints", "--type=merge", "-p", '{"spec":{"description":"again"}}')
    space.kubectl("wait", f"{REVISIONS}/{DOTTED}", "--for=jsonpath={.spec.lifecycle}=Published", "--timeout=30s")


def test_no_cascade_takes_what_is_published(space: Space) -> None:
    top = space.create("configmaps", config_map("top"))
    space.draft()
    publish(space)
    references = {"metadata": {"ownerReferences": [owner(top, blocks=False)]}}
    space.kubectl("patch", REVISIONS, DOTTED, "--type=merge", "-p", json.dumps(references))
    space.create("configmaps", config_map("other", owner(top)))
    space.kubectl("delete", "configmap", "top", "--cascade=foreground", "--timeout=30s")
    wait_gone(space, "configmap/other")
    assert space.names(REVISIONS) == [DOTTED]
    assert "refs/tags/my-package/v1" in space.refs()


def test_taking_finalizers_from_what_was_published_meanwhile_deletes_nothing(space: Space) -> None:
    space.draft()
    space.kubectl("patch", REVISIONS, DOTTED, "--type=merge", "-p", json.dumps({"metadata": {"finalizers": [HOLD]}}))
    space.kubectl("delete", REVISIONS, DOTTED, "--wait=false")
    publish(space)
    refusal = space.refused("patch", REVISIONS, DOTTED, "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert "published PackageRevisions must be proposed for deletion" in refusal
    assert "refs/tags/my-package/v1" in space.refs()


def test_a_collection_of_drafts_is_deleted_one_by_one(space: Space) -> None:
    for package in ("a", "b", "c"):
        space.draft(package)
    path = f"{space.path(REVISIONS)}?fieldSelector=spec.packageName%21=b"
    listed = json.loads(space.kubectl("delete", "--raw", path).out)
    assert (listed["kind"], [item["spec"]["packageName"] for item in listed["items"]]) == (
        "PackageRevisionList",
        ["a", "c"],
    )
    assert space.names(REVISIONS) == ["blueprints.b.v1"]
    assert [ref for ref in space.refs() if "drafts" in ref] == ["refs/heads/drafts/b/v1"]


def test_a_collection_ends_at_what_is_refused(space: Space) -> None:
    space.draft()
    publish(space)
    space.draft("zebra")
    answer = space.client.send("DELETE", space.path(REVISIONS))
    assert answer.status == 403
    assert set(space.names(REVISIONS)) == {DOTTED, "blueprints.zebra.v1"}


def test_events_are_deleted_by_either_of_their_groups(empty: Space) -> None:
    about = {"involvedObject": {"kind": "ConfigMap", "namespace": empty.namespace, "name": "a"}}
    empty.create("events", {"metadata": {"name": "a.1"}, "reason": "Seen", "type": "Normal", **about})
    path = f"/apis/events.k8s.io/v1/namespaces/{empty.namespace}/events"
    answer = empty.client.send("DELETE", path).json()
    assert (answer["apiVersion"], [item["metadata"]["name"] for item in answer["items"]]) == (
        "events.k8s.io/v1",
        ["a.1"],
    )
    assert empty.names("events") == []


def test_who_may_delete_collections(space: Space) -> None:
    space.kubectl("create", "rolebinding", "editor", "--clusterrole=porch:editor", "--user=ed")
    space.kubectl("create", "rolebinding", "viewer", "--clusterrole=porch:viewer", "--user=vi")
    ask = ("auth", "can-i", "deletecollection", "packagerevisions.porch.kpt.dev")
    assert space.kubectl(*ask, "--as=ed").out == "yes\n"
    assert space.kubectl(*ask, "--as=vi", code=1).out == "no\n"


def test_a_namespace_goes_with_everything_in_it_but_git(space: Space) -> None:
    space.draft()
    publish(space)
    space.draft("other")
    before = space.refs()
    space.create("configmaps", config_map("a"))
    space.kubectl("create", "secret", "generic", "s", "--from-literal=a=b")
    space.kubectl("create", "role", "reader", "--verb=get", "--resource=secrets")
    space.kubectl("delete", "namespace", space.namespace, "--timeout=30s")
    assert "(NotFound)" in space.refused("get", "namespace", space.namespace)
    for resource in ("repositories", REVISIONS, "packages", "configmaps", "secrets"):
        assert space.names(resource) == []
    assert space.refs() == before
    space.kubectl("create", "namespace", space.namespace)
    space.register()
    space.kubectl("wait", f"{REVISIONS}/{DOTTED}", "--for=jsonpath={.spec.lifecycle}=Published", "--timeout=30s")


def test_a_namespace_waits_for_finalizers_and_says_so(empty: Space) -> None:
    empty.create("configmaps", config_map("held", finalizers=[HOLD]))
    empty.kubectl("delete", "namespace", empty.namespace, "--wait=false")
    empty.kubectl(
        "wait", f"namespace/{empty.namespace}", "--for=condition=NamespaceFinalizersRemaining", "--timeout=30s"
    )
    assert empty.kubectl("get", "namespace", empty.namespace, "--no-headers").out.split()[1] == "Terminating"
    assert f"{HOLD} in 1 resource instances" in empty.kubectl("describe", "namespace", empty.namespace).out
    refusal = empty.refused("create", "configmap", "late")
    assert "because it is being terminated" in refusal
    empty.kubectl("patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    wait_gone(empty, f"namespace/{empty.namespace}")


def test_finalizing_by_hand_lets_a_namespace_go(empty: Space) -> None:
    empty.create("configmaps", config_map("held", finalizers=[HOLD]))
    empty.kubectl("delete", "namespace", empty.namespace, "--wait=false")
    obj = empty.client.send("GET", f"{CORE}/namespaces/{empty.namespace}").json()
    obj["spec"]["finalizers"] = []
    path = f"{CORE}/namespaces/{empty.namespace}/finalize"
    del obj["metadata"]["resourceVersion"]
    empty.kubectl("replace", "--raw", path, "-f", "-", stdin=json.dumps(obj))
    wait_gone(empty, f"namespace/{empty.namespace}")


def test_the_servers_own_namespaces_stay(empty: Space) -> None:
    for name in ("default", "kube-system"):
        assert "may not be deleted" in empty.refused("delete", "namespace", name)

"""For each kind one object that the server takes: the schema alone does not tell what fields want together."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from random import Random
from typing import Any

from tests.fuzz import pool

Json = dict[str, Any]

_RULES = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]
_PEOPLE = [{"kind": "User", "name": "ann", "apiGroup": "rbac.authorization.k8s.io"}]
_ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
_ASKED: Json = {"user": "ann", "resourceAttributes": {"verb": "get", "resource": "secrets"}}
SAMPLES: Mapping[str, Json] = {
    "configmaps": {"data": {"a": "b"}, "binaryData": {"c": "AAAA"}},
    "secrets": {"type": "Opaque", "data": {"a": "bWU="}},
    "events": {
        "involvedObject": {"kind": "Secret", "name": "one"},
        "reason": "Tried",
        "message": "x",
        "type": "Normal",
    },
    "serviceaccounts": {"automountServiceAccountToken": True},
    "leases": {"spec": {"holderIdentity": "ann", "leaseDurationSeconds": 15}},
    "roles": {"rules": _RULES},
    "clusterroles": {"rules": _RULES},
    "rolebindings": {"subjects": _PEOPLE, "roleRef": _ROLE},
    "clusterrolebindings": {"subjects": _PEOPLE, "roleRef": _ROLE},
    "subjectaccessreviews": {"spec": _ASKED},
    "selfsubjectaccessreviews": {"spec": {"resourceAttributes": {"verb": "list", "resource": "*"}}},
    "selfsubjectrulesreviews": {"spec": {"namespace": "default"}},
    "tokenreviews": {"spec": {"token": "fuzz-nobody"}},
}
STANDING = ["configmaps", "secrets", "serviceaccounts", "roles", "rolebindings"]
"""The kinds of which some objects shall always be there."""


def sample(draw: Random, plural: str) -> Json | None:
    """A good object without a name; None for a kind that the schema has to do for."""
    if plural == "packagerevisions":
        return _revision(draw)
    if plural == "packagerevisionresources":
        return {"spec": {"resources": {"Kptfile": _kptfile("app"), "a.yaml": "kind: A\n"}}}
    if plural == "repositories":
        git: Json = {"repo": draw.choice(pool.ADDRESSES[:2]), "branch": "main"}
        return {"spec": {"type": "git", "content": "Package", "git": git, "deployment": draw.random() < 0.3}}
    found = SAMPLES.get(plural)
    return None if found is None else copy.deepcopy(dict(found))


def _kptfile(name: str) -> str:
    return f"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: {name}\ninfo:\n  description: x\n"


def _revision(draw: Random) -> Json:
    task = draw.choice(
        [
            {"type": "init", "init": {"description": "x", "keywords": ["a"]}},
            {"type": "edit", "edit": {"sourceRef": {"name": pool.revision(draw)}}},
            {"type": "clone", "clone": {"upstreamRef": {"upstreamRef": {"name": pool.revision(draw)}}}},
        ]
    )
    return {
        "spec": {
            "repository": draw.choice(pool.REPOSITORIES[:2]),
            "packageName": draw.choice(pool.PACKAGES),
            "workspaceName": draw.choice(pool.WORKSPACES),
            "lifecycle": draw.choice(["Draft", "Draft", "Proposed"]),
            "tasks": [task],
        }
    }


def touched(draw: Random, obj: Json) -> Json:
    """The object with one change that a user may make."""
    spec = obj.get("spec")
    match draw.randrange(4):
        case 0 if isinstance(spec, dict) and "lifecycle" in spec:
            spec["lifecycle"] = draw.choice(["Draft", "Proposed", "Published", "DeletionProposed"])
        case 1 if isinstance(spec, dict) and isinstance(spec.get("resources"), dict):
            spec["resources"][draw.choice(["a.yaml", "dir/b.yaml"])] = f"kind: A\nat: {draw.randrange(1000)}\n"
        case 2 if isinstance(spec, dict) and isinstance(spec.get("tasks"), list):
            spec["tasks"].append({"type": "edit", "edit": {"sourceRef": {"name": pool.revision(draw)}}})
        case 3 if "data" in obj:
            obj["data"] = {"a": draw.choice(["AAAA", "bWU="])}
        case _:
            obj["metadata"]["labels"] = {"app": f"v{draw.randrange(5)}"}
    return obj

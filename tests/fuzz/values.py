"""Values from schemas: mostly what a field wants, chosen by its name and type, and mutations of whole values."""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from tests.fuzz import pool
from tests.support.garbage import NUMBERS, WORDS, nested

Json = dict[str, Any]
Schemas = Mapping[str, Json]

TEXTS = [
    *WORDS,
    "a", "A", "é", "日本", "\U0001f600", "a b", "a\nb", "\r\n", "\x7f", "-", "--help", "%2e%2e", "a,b", "a=b", "$(id)",
    "{{.}}",
    "null", "true", "0", "1e9", "x" * 64, "x" * 253, "a." * 130, "\u202e", "\ufeff", "\u2028", "a//b", "Kptfile/x",
]  # fmt: skip
NUMBERS_TOO = [*NUMBERS, 0, 1, -1, 2**31 - 1, 2**53 + 1, 2**63 - 1, -(2**63), 1.5, 1e300, -0.0]
KPTFILES = [
    "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: app\n",
    "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: app\npipeline:\n  mutators: [{image: x}]\n",
    "kind: Kptfile\n", "a: &a [*a]\n", "[", "", "apiVersion: kpt.dev/v1\nkind: Kptfile\ninfo: 7\nstatus: []\n",
    "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: app, labels: {a: 1, b: [x]}}\nupstream: {git: x}\n",
]  # fmt: skip
_KEYS = ["app", "team", "example.com/tier", "kpt.dev/latest-revision", "a"]
_FILES = ["Kptfile", "README.md", "a.yaml", "dir/b.yaml", ".krmignore", "package-context.yaml"]


def text(draw: Random) -> str:
    """Any text: a known nasty one or random characters."""
    if draw.random() < 0.7:
        return draw.choice(TEXTS)
    return "".join(
        chr(draw.choice((draw.randrange(32, 127), draw.randrange(0, 0x2FF)))) for _ in range(draw.randrange(12))
    )


def number(draw: Random) -> int | float:
    return draw.choice(NUMBERS_TOO) if draw.random() < 0.6 else draw.randrange(-1000, 1000)


def anything(draw: Random, depth: int = 3) -> Any:
    """Any JSON value."""
    choice = draw.randrange(8 if depth else 5)
    if choice < 3:
        return text(draw)
    if choice == 3:
        return number(draw)
    if choice == 4:
        return draw.choice([None, True, False, [], {}])
    if choice == 5:
        return nested(draw.choice([3, 50, 150])) if draw.random() < 0.1 else [anything(draw, depth - 1)]
    if choice == 6:
        return [anything(draw, depth - 1) for _ in range(draw.randrange(4))]
    return {text(draw): anything(draw, depth - 1) for _ in range(draw.randrange(4))}


# What a field of that name wants

_PLAIN: Mapping[str, Sequence[str]] = {
    "namespace": pool.NAMESPACES,
    "repository": pool.REPOSITORIES,
    "repositoryName": pool.REPOSITORIES,
    "packageName": pool.PACKAGES,
    "workspaceName": pool.WORKSPACES,
    "lifecycle": ["Draft", "Proposed", "Published", "DeletionProposed", "draft", ""],
    "repo": pool.ADDRESSES,
    "branch": ["main", "other"],
    "ref": ["main", "v1", "refs/heads/main", "blue/app/v1"],
    "directory": ["/", "", "app", "sub/dir"],
    "content": ["Package"],
    "image": ["127.0.0.1:1/image"],
    "schedule": ["*/5 * * * *", "0 0 1 1 *"],
    "strategy": ["resource-merge", "fast-forward", "force-delete-replace", "copy-merge"],
    "finalizers": ["example.com/wait", "foregroundDeletion", "orphan"],
    "apiGroup": ["rbac.authorization.k8s.io", ""],
    "apiGroups": ["*", "", "porch.kpt.dev"],
    "resources": ["*", "secrets", "packagerevisions", "packagerevisions/approval"],
    "verbs": ["*", "get", "list", "watch", "update"],
    "nonResourceURLs": ["*", "/healthz", "/api/*"],
    "operator": ["In", "NotIn", "Exists", "DoesNotExist"],
    "username": ["ann", "system:admin"],
    "conditionType": ["ready"],
    "status": ["True", "False", "Unknown"],
    "propagationPolicy": ["Orphan", "Background", "Foreground"],
    "dryRun": ["All"],
    "audiences": ["https://kubernetes.default.svc", "other"],
    "token": ["fuzz-admin", "a.b.c"],
    "holderIdentity": ["ann", "bob"],
    "verb": ["get", "*", "create"],
    "resource": ["secrets", "*"],
    "path": ["/healthz", "/api"],
    "type": ["git", "oci", "init", "clone", "edit", "upgrade", "Opaque", "kubernetes.io/basic-auth", "Normal", "Init"],
    "kind": ["ClusterRole", "Role", "User", "Group", "ServiceAccount", "ConfigMap", "PackageRevision"],
}


def _times(draw: Random) -> str:
    return draw.choice(
        ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456Z", "1970-01-01T00:00:00+01:00", "9999-12-31T23:59:59Z"]
    )


def _wanted(draw: Random, name: str, seen: pool.Seen) -> str:
    """A text that a field of this name may want."""
    choices = _PLAIN.get(name)
    match name:
        case "name":
            choices = [pool.revision(draw), *pool.NAMES, *pool.REPOSITORIES]
        case "resourceVersion":
            choices = list(seen.versions) or [""]
        case "uid":
            choices = list(seen.uids) or ["00000000-0000-4000-8000-000000000000"]
    return draw.choice(choices or ["x", "text", *_KEYS])


class Values:
    """Values for the schemas of one OpenAPI document."""

    def __init__(self, schemas: Schemas, seen: pool.Seen) -> None:
        self._schemas = schemas
        self._seen = seen

    def of(self, draw: Random, schema: Json, name: str = "", depth: int = 0) -> Any:
        """A value that the schema allows; optional fields come and go. `name` is that of the field it is for."""
        if parts := schema.get("allOf"):
            schema = parts[0]
        if reference := schema.get("$ref"):
            schema = self._schemas[reference.rpartition("/")[2]]
        if choices := schema.get("enum"):
            return draw.choice(choices)
        make: Callable[[Random, Json, str, int], Any] | None = {
            "object": self._object,
            "array": self._array,
        }.get(schema.get("type", ""))
        return make(draw, schema, name, depth) if make else self._scalar(draw, schema, name)

    def _scalar(self, draw: Random, schema: Json, name: str) -> Any:
        match schema.get("type"):
            case "integer" | "number":
                return draw.choice([0, 1, 2, 30, 3600])
            case "boolean":
                return draw.random() < 0.5
            case "string" if schema.get("format") == "date-time":
                return _times(draw)
            case "string" if schema.get("format") == "byte":
                return base64.b64encode(draw.randbytes(draw.randrange(20))).decode()
            case "string":
                return _wanted(draw, name, self._seen)
        return anything(draw)

    def _array(self, draw: Random, schema: Json, name: str, depth: int) -> Any:
        many = draw.choice([0, 1, 1, 2])
        return [self.of(draw, schema.get("items", {}), name, depth + 1) for _ in range(many)]

    def _object(self, draw: Random, schema: Json, name: str, depth: int) -> Any:
        values = schema.get("additionalProperties")
        if isinstance(values, dict):
            return self._map(draw, values, name, depth)
        keep = 0.7 if depth < 2 else 0.4
        return {
            key: self.of(draw, inner, key, depth + 1)
            for key, inner in schema.get("properties", {}).items()
            if depth < 6 and draw.random() < self._chance(key, keep)
        }

    @staticmethod
    def _chance(key: str, usual: float) -> float:
        """What nearly all objects have, and what makes most of them fail."""
        if key in {"metadata", "spec", "name", "packageName", "workspaceName", "repository", "git", "repo", "type"}:
            return 0.95
        rare = {
            "status",
            "finalizers",
            "ownerReferences",
            "deletionTimestamp",
            "uid",
            "resourceVersion",
            "oci",
            "parent",
        }
        return 0.08 if key in rare else 0.5 * usual

    def _map(self, draw: Random, values: Json, name: str, depth: int) -> Json:
        if name == "resources":
            files = draw.sample(_FILES, draw.randrange(1, 4))
            return {file: draw.choice(KPTFILES) for file in files}
        keys = draw.sample(_KEYS, draw.randrange(3))
        return {key: self.of(draw, values, "", depth + 1) for key in keys}


# Mutations


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each container with each of its keys or indices, at any depth."""
    keys: Sequence[Any] = (
        list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    return [(value, key) for key in keys] + [place for key in keys for place in places(value[key])]


def mutated(draw: Random, value: Any) -> Any:
    """The value with one to three of its places spoilt."""
    result = copy.deepcopy(value)
    for _ in range(draw.randrange(1, 4)):
        found = places(result)
        if not found:
            return anything(draw)
        container, key = draw.choice(found)
        _spoil(draw, container, key)
    return result


def _spoil(draw: Random, container: Any, key: Any) -> None:
    match draw.randrange(5):
        case 0 if isinstance(container, dict):
            del container[key]
        case 1 if isinstance(container, dict):
            container[text(draw)] = container.pop(key)
        case 2:
            container[key] = [container[key]]
        case 3 if isinstance(container, list):
            container.extend([container[key]] * draw.choice([1, 5]))
        case _:
            container[key] = anything(draw)

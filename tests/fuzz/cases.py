"""A seed and a number become one case. The operations are those of the OpenAPI documents that the server serves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

from tests.fuzz import bodies, parameters, pool, raw
from tests.fuzz.bodies import Body
from tests.fuzz.samples import sample, touched
from tests.fuzz.values import Json, Values, anything, mutated, text

_RAW, _ANONYMOUS = 0.12, 0.06
_SHARE = {"packagerevisions": 3, "packagerevisionresources": 3, "repositories": 2}


@dataclass(frozen=True, slots=True)
class Case:
    """`payload` is all that is sent. Of a `raw` case no answer but a closed connection is fine too; an `unfinished` one
    need not be answered at all. A case without the administrator's certificate is somebody else's.
    """

    number: int
    label: str
    payload: bytes
    method: str = "GET"
    admin: bool = True
    raw: bool = False
    unfinished: bool = False
    path: str = ""
    plural: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. `schema` is that of the body's object."""

    path: str
    method: str
    action: str
    group: str
    kind: str
    plural: str
    query: tuple[str, ...]
    schema: Json
    values: Values


class Cases:
    """`documents` are the OpenAPI v3 documents, one a group version. `seen` is filled by whoever reads the answers."""

    def __init__(self, documents: Iterable[Json], seed: int, seen: pool.Seen) -> None:
        self._seed = seed
        self._seen = seen
        self.operations = [operation for document in documents for operation in _operations(document, seen)]
        # In turns, so that no operation is forgotten; those with more to them have several.
        self._turns = [one for one in self.operations for _ in range(_turns(one))]

    def case(self, number: int) -> Case:
        draw = Random(f"{self._seed}:{number}")
        if draw.random() < _RAW:
            label, payload, unfinished = raw.case(draw)
            return Case(
                number, f"raw {label}", payload, payload[:4].decode("latin-1").strip(), raw=True, unfinished=unfinished
            )
        operation = self._turns[number % len(self._turns)]
        headers = parameters.headers(draw, self._seen)
        admin = draw.random() >= _ANONYMOUS
        if not admin and draw.random() < 0.8:
            headers = [("Authorization", parameters.authorization(draw)), *headers]
        path, body = self._again(draw, operation) or (_path(draw, operation), self._body(draw, operation))
        if body is not None and (body.data or operation.method != "DELETE"):
            headers = [("Content-Type", body.media), *headers]
        data = body.data if body is not None else None
        target = path + parameters.query(draw, operation.query, self._seen)
        payload = raw.request(operation.method, target, _sendable(headers), data)
        label = f"{operation.action} {operation.plural}"
        # After a create the object is below the path; its name need not be the one that was sent.
        below = path if operation.method != "POST" else ""
        kind = operation.kind if below and "/" not in operation.plural else ""
        raw_too = _confusing(headers)
        return Case(
            number, label, payload, operation.method, admin, raw_too, path=below, plural=operation.plural, kind=kind
        )

    def _again(self, draw: Random, operation: Operation) -> tuple[str, Body] | None:
        """An object that was read before, a little changed: what an update mostly is."""
        known = list(self._seen.objects.get(operation.plural.partition("/")[0], ()))
        if operation.method not in {"PUT", "PATCH"} or not known or draw.random() < 0.3:
            return None
        path, encoded = draw.choice(known[-4:])
        obj = touched(draw, json.loads(encoded))
        if operation.method == "PATCH" and draw.random() < 0.8:
            del obj["metadata"]["resourceVersion"]
        if draw.random() < 0.25:
            obj = mutated(draw, obj)
        path += operation.plural[operation.plural.find("/") :] if "/" in operation.plural else ""
        if operation.method == "PATCH":
            return path, bodies.of_patch(draw, obj)
        return path, bodies.of_object(draw, operation.group, operation.kind, obj)

    def _body(self, draw: Random, operation: Operation) -> Body | None:
        if operation.method in {"GET", "HEAD"}:
            return None
        obj = operation.values.of(draw, operation.schema)
        if operation.method == "DELETE":
            return bodies.of_delete(draw, obj)
        if isinstance(obj, dict):
            obj = _headed(draw, operation, _eased(draw, operation, obj))
        if draw.random() < 0.35:
            obj = mutated(draw, obj) if draw.random() < 0.95 else anything(draw)
        if operation.method == "PATCH":
            return bodies.of_patch(draw, obj)
        return bodies.of_object(draw, operation.group, operation.kind, obj)


def _turns(operation: Operation) -> int:
    """Deletes are fewer, or there would be nothing to do anything with."""
    return _SHARE.get(operation.plural, 1) * (1 if operation.action.startswith("delete") else 3)


def _operations(document: Json, seen: pool.Seen) -> Iterable[Operation]:
    schemas: Mapping[str, Json] = document["components"]["schemas"]
    values = Values(schemas, seen)
    whole = {name.rpartition(".")[2]: schema for name, schema in schemas.items()}
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            if method == "parameters":
                continue
            named = found.get("x-kubernetes-group-version-kind", {"group": "", "kind": ""})
            yield Operation(
                path,
                method.upper(),
                found.get("x-kubernetes-action", method),
                named["group"],
                named["kind"],
                _plural(path),
                tuple(item["name"] for item in found.get("parameters", ()) if item["in"] == "query"),
                _object_schema(method, found, whole, named["kind"]),
                values,
            )


def _object_schema(method: str, found: Json, whole: Mapping[str, Json], kind: str) -> Json:
    if method == "delete":
        return whole["DeleteOptions"]
    content = found.get("requestBody", {}).get("content", {})
    (schema, *_) = [media["schema"] for media in content.values()] or [{}]
    # A patch is anything by its schema: what it is for is its kind.
    return whole.get(kind, schema) if method == "patch" else schema


def _plural(path: str) -> str:
    pieces = [piece for piece in path.split("/") if "{" not in piece]
    below = path.partition("/namespaces/{namespace}/")[2]
    return below.replace("/{name}", "") or "/".join(pieces[3 if path.startswith("/api/") else 4 :])


def _path(draw: Random, operation: Operation) -> str:
    doomed = operation.plural.startswith("namespaces")
    name = pool.namespace(draw, doomed=True) if doomed else _name(draw, operation.plural)
    if draw.random() < 0.03:
        name = text(draw) or "x"
    namespace = pool.namespace(draw) if draw.random() < 0.98 else text(draw)
    filled = operation.path.replace("{namespace}", quote(namespace.encode("utf-8", "surrogatepass"), safe=""))
    return filled.replace("{name}", quote(name.encode("utf-8", "surrogatepass"), safe=""))


def _name(draw: Random, plural: str) -> str:
    if plural.startswith("packagerevision"):
        return pool.revision(draw)
    return draw.choice(pool.REPOSITORIES if plural.startswith("repositories") else pool.NAMES)


def _eased(draw: Random, operation: Operation, obj: Json) -> Json:
    """Mostly without what most requests fail by: half of the time all but the metadata is a sample's."""
    if draw.random() < 0.9:
        obj.pop("status", None)
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and draw.random() < 0.8:
        kept = ("labels", "annotations", "finalizers")
        obj["metadata"] = {key: value for key, value in metadata.items() if key in kept}
    good = sample(draw, operation.plural.partition("/")[0])
    return obj | good if good is not None and draw.random() < 0.7 else obj


def _headed(draw: Random, operation: Operation, obj: Json) -> Json:
    """With what nearly every client sends: kind, version, and a name of the pool."""
    root = operation.path.split("/")
    version = f"{root[2]}/{root[3]}" if root[1] == "apis" else root[2]
    metadata: Any = obj.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("namespace", None)
        doomed = operation.plural.startswith("namespaces")
        metadata["name"] = pool.namespace(draw, doomed=True) if doomed else _name(draw, operation.plural)
        if draw.random() < 0.7:
            metadata.pop("resourceVersion", None)
    return obj | {"kind": operation.kind, "apiVersion": version}


def _sendable(headers: parameters.Pairs) -> parameters.Pairs:
    return [(name, "".join(character for character in value if character >= " ")) for name, value in headers]


def _confusing(headers: parameters.Pairs) -> bool:
    """Headers by which the parser may refuse the whole request."""
    return any(name in {"Transfer-Encoding", "Host", "Connection"} for name, _ in headers)

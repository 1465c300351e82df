"""Bodies: an object as bytes of one of the media types, whole or broken; patches of every type; DeleteOptions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

import yaml

from tests.fuzz.values import Json, anything, mutated, places, text
from tests.support import protobuf
from tests.support.garbage import BODIES, JSON, YAML

PROTOBUF = "application/vnd.kubernetes.protobuf"
MERGE, STRATEGIC, STEPS = (f"application/{kind}-patch+json" for kind in ("merge", "strategic-merge", "json"))
APPLY = "application/apply-patch+yaml"
_NO_TYPES = ["text/plain", "application/cbor", "multipart/form-data; boundary=x", "application/json/x", ";", "é"]
_NO_NUMBERS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999999",
    "1" + "0" * 400,
    "01",
    "-",
    "0x10",
    "\\ud800",
    "'x'",
    "1.7976931348623159e308",
]


@dataclass(frozen=True)
class Body:
    data: bytes
    media: str


def of_object(draw: Random, group: str, kind: str, obj: Any) -> Body:
    """The object, mostly as JSON."""
    choice = draw.random()
    if choice < 0.03:
        return Body(*draw.choice(BODIES))
    if choice < 0.05:
        return Body(_json(obj), draw.choice(_NO_TYPES))
    if choice < 0.15:
        return Body(_broken(draw, _yaml(draw, obj)), YAML)
    if choice < 0.30 and isinstance(obj, dict) and (message := protobuf.encode(group, kind, obj)):
        return Body(_broken(draw, message), PROTOBUF)
    if choice < 0.36:
        return Body(_odd_json(draw, obj), JSON)
    return Body(_broken(draw, _json(obj)) if draw.random() < 0.1 else _json(obj), JSON)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _yaml(draw: Random, value: Any) -> bytes:
    """YAML with an alias, a tag or a second document at times."""
    if draw.random() < 0.3:
        odd = [
            "&a *a",
            "*gone",
            "!!binary AAAA",
            "!!set {a}",
            "!x y",
            "<<: {a: b}",
            "? [a]\n: b",
            "2026-01-01",
            ".nan",
            "0o17",
            "1_000",
            "~",
            "|\n  x",
        ]
        return _json(value)[:-1] + b", " + b'"odd": ' + draw.choice(odd).encode() + b"}"
    written = yaml.dump(json.loads(json.dumps(value)), Dumper=yaml.CSafeDumper)
    return written.encode("utf-8", "surrogatepass")


def _odd_json(draw: Random, value: Any) -> bytes:
    """What JSON's grammar or ours does not have, in the place of one value or around all of them."""
    whole = _json(value)
    around = [
        b"\xef\xbb\xbf" + whole,
        whole.decode("utf-8", "replace").encode("utf-16"),
        whole + draw.choice([b"{}", b"\0", b"x", b",", b"\n" * 1000]),
        b'{"metadata": {"name": "twice", "name": "one"}, "kind": "X",' + whole[1:],
        b'{"spec":' * draw.choice([150, 250, 5000]) + whole,
    ]
    return draw.choice(around) if draw.random() < 0.6 else _odd_value(draw, value)


def _odd_value(draw: Random, value: Any) -> bytes:
    found = places(value)
    if not found:
        return b"NaN"
    container, key = draw.choice(found)
    kept, container[key] = container[key], "@odd@"
    odd = _json(value).replace(b'"@odd@"', draw.choice(_NO_NUMBERS).encode())
    container[key] = kept
    return odd


def _broken(draw: Random, data: bytes) -> bytes:
    """The bytes cut, doubled, or with a few of them changed; half of the time left as they are."""
    if not data or draw.random() < 0.5 or b"127.0" in data:
        # An address with a byte changed would be somebody else's.
        return data
    at = draw.randrange(len(data))
    match draw.randrange(4):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + draw.randbytes(draw.choice([1, 2, 10])) + data[at:]
        case 2:
            return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]
    return data[:at] + data[max(0, at - draw.randrange(40)) :]


# Patches


def of_patch(draw: Random, obj: Any) -> Body:
    choice = draw.random()
    if choice < 0.35:
        return Body(_json(_steps(draw, obj)), STEPS)
    changes = _changes(draw, obj)
    media = draw.choices([MERGE, STRATEGIC, APPLY, JSON], [10, 10, 1, 1])[0]
    data = _odd_json(draw, changes) if draw.random() < 0.08 else _json(changes)
    return Body(_broken(draw, data) if draw.random() < 0.1 else data, media)


def _changes(draw: Random, obj: Any) -> Any:
    """A few of the object's fields, some of them null or directed."""
    if not isinstance(obj, dict) or draw.random() < 0.1:
        return anything(draw)
    changes: Any = {key: value for key, value in obj.items() if draw.random() < 0.6}
    if draw.random() < 0.3:
        changes = mutated(draw, changes)
    for container, key in places(changes):
        if isinstance(container, dict) and draw.random() < 0.05:
            container[key] = None
    if isinstance(changes, dict) and draw.random() < 0.2:
        changes |= draw.choice(_DIRECTIVES)
    return changes


_DIRECTIVES: list[Json] = [
    {"$patch": "replace"},
    {"$patch": "delete"},
    {"$patch": "merge"},
    {"$patch": ["x"]},
    {"$retainKeys": ["metadata"]},
    {"$deleteFromPrimitiveList/finalizers": ["x"]},
    {"$setElementOrder/x": [1]},
    {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/wait"]}},
    {
        "metadata": {
            "$setElementOrder/ownerReferences": [{"uid": "1"}],
            "ownerReferences": [{"uid": "1", "$patch": "delete"}],
        }
    },
    {"metadata": {"ownerReferences": [{"$patch": "replace"}, {"uid": None}]}},
    {"metadata": {"labels": {"$patch": "replace", "a": "b"}, "finalizers": None}},
    {"metadata": {"finalizers": None}},
    {"metadata": {"resourceVersion": "1"}},
]
_POINTERS = [
    "", "/", "/metadata/labels/app", "/metadata/labels", "/metadata/annotations/a~1b", "/metadata/name", "/spec",
    "/metadata/finalizers", "/metadata/finalizers/0", "/spec/tasks/0", "/spec/tasks/-", "/spec/tasks/99999999999",
    "/spec/lifecycle", "/spec/resources/Kptfile", "/data/a", "/rules/0/verbs/-", "/~", "/~2", "/00",
]  # fmt: skip


def _steps(draw: Random, obj: Any) -> Any:
    """A JSON patch, many of whose operations fit."""
    if draw.random() < 0.4:
        labels = {"op": "add", "path": "/metadata/labels", "value": {"app": "x"}}
        more = {"op": draw.choice(["add", "replace", "test"]), "path": "/metadata/labels/app", "value": "y"}
        return [labels, more, {"op": "copy", "from": "/metadata/labels", "path": "/metadata/annotations"}][
            : draw.randrange(4)
        ]
    steps = [_step(draw, obj) for _ in range(draw.randrange(1, 5))]
    if draw.random() < 0.02:
        doubling = [{"op": "add", "path": "/metadata/annotations", "value": {"a": "x" * 100}}]
        return doubling + [{"op": "copy", "from": "/metadata", "path": f"/metadata/a{at}"} for at in range(25)]
    return mutated(draw, steps) if draw.random() < 0.1 else steps


def _step(draw: Random, obj: Any) -> Json:
    pointer = draw.choice(_POINTERS) if draw.random() < 0.9 else text(draw)
    step: Json = {
        "op": draw.choice(["add", "add", "replace", "remove", "test", "move", "copy", "nothing"]),
        "path": pointer,
    }
    found = places(obj)
    container, key = draw.choice(found) if found else ([None], 0)
    if draw.random() < 0.9:
        step["value"] = container[key]
    if step["op"] in {"move", "copy"} or draw.random() < 0.1:
        step["from"] = draw.choice(_POINTERS)
    return step


# DeleteOptions


def of_delete(draw: Random, options: Any) -> Body:
    """Mostly none at all."""
    if draw.random() < 0.5:
        return Body(b"", JSON)
    if draw.random() < 0.3 and isinstance(options, dict):
        options = mutated(draw, options)
    return of_object(draw, "", "DeleteOptions", options)

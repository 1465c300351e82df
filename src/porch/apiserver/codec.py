"""Request bodies: bytes to plain JSON values, plain values to typed objects.

Whatever a client sends ends in an object or in a BadRequest that says what is wrong and where; no parser's exception
leaves this file. Values come from msgspec, which is strict about UTF-8, surrogates, numbers and NaN. Only to name
duplicate keys, of which msgspec keeps the last in silence, a body is read a second time. That second reading is slow
and holds the interpreter, so bodies above DUPLICATES_LIMIT go without it: duplicate keys in them are not reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from porch.apiserver.conform import Mismatch, node_of
from porch.apiserver.negotiate import JSON, YAML
from porch.errors import BadRequest, UnsupportedMediaType
from porch.memory import need
from porch.types.kind import Kind
from porch.workers import WorkerPool

PROTOBUF = "application/vnd.kubernetes.protobuf"
DUPLICATES_LIMIT = 256 * 1024
HEAVY_BODY = 1024 * 1024
HUGE_BODY = 16 * 1024 * 1024
"""Above this JSON is read here, whatever it holds up: a worker would cost six copies of it."""
MAX_DEPTH = 200
_ROOM = 4
"""So many times the size of a body is needed to read it: msgspec ends the process when it gets no memory."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """`obj` is the typed object, `problems` its unknown and duplicate fields as Kubernetes words them."""

    obj: Any
    problems: list[str] = field(default_factory=list)


def media_type(content_type: str) -> str:
    """Without parameters; empty is JSON."""
    return content_type.partition(";")[0].strip().lower() or JSON


def read_object(
    kind: Kind, body: bytes, content_type: str, workers: WorkerPool | None = None
) -> tuple[dict[str, Any], list[str]]:
    """The body of a create or update as a plain object, checked to be of this kind, and its duplicate fields."""
    media = media_type(content_type)
    if media == PROTOBUF:
        from porch.apiserver import protobuf

        return check_kind(kind, protobuf.decode(kind, body)), []
    if workers is not None and len(body) > HEAVY_BODY and (media != JSON or len(body) <= HUGE_BODY):
        plain = workers.run(parse, body, content_type, kind.name)
    else:
        plain = parse(body, content_type, kind.name)
    repeated = duplicates(body) if media == JSON and len(body) <= DUPLICATES_LIMIT else []
    return check_kind(kind, plain), repeated


def parse(body: bytes, content_type: str, name: str) -> Any:
    """JSON or YAML to plain values. `name` is the type that the body should hold."""
    media = media_type(content_type)
    if media == YAML:
        from porch.krm import yaml

        return yaml.load_json_like(body)
    if media != JSON:
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: "
            f"{JSON}, {YAML}, {PROTOBUF}"
        )
    return parse_json(body, f"the object provided is unrecognized (must be of type {name}): couldn't get version/kind")


def parse_json(body: bytes, problem: str) -> Any:
    """Raises BadRequest that starts with `problem`."""
    need(_ROOM * len(body))
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        start = body[:30].decode("utf-8", "replace") if body else "<empty>"
        why = "nested too deeply" if isinstance(error, RecursionError) else error
        raise BadRequest(f"{problem}; json parse error: {why} ({start})") from error
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        check_depth(value, problem)
    return value


def check_depth(value: Any, problem: str) -> None:
    """Raises BadRequest that starts with `problem`."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise BadRequest(f"{problem}: nested more than {MAX_DEPTH} levels deep")


def _children(value: Any) -> Iterator[Any]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (child for child in children if isinstance(child, dict | list))


def check_kind(kind: Kind, plain: Any) -> dict[str, Any]:
    """The object, with kind and apiVersion filled in when absent. Raises BadRequest when they are others."""
    if not isinstance(plain, dict):
        problem = Mismatch(plain, f"{kind.version}.{kind.name}").text(kind.name)
        raise BadRequest(f"the object provided is unrecognized (must be of type {kind.name}): {problem}")
    for key, expected, word in (("apiVersion", kind.api_version, "API version"), ("kind", kind.name, "kind")):
        given = plain.get(key)
        if given and given != expected and isinstance(given, str):
            raise BadRequest(f"the {word} in the data ({given:.253}) does not match the expected {word} ({expected})")
    return plain


def to_object(kind: Kind, plain: dict[str, Any]) -> Decoded:
    """A plain object as an instance of the kind's type. Raises BadRequest on a value of the wrong type."""
    return to_struct(plain, kind.type, kind.name, kind.version)


def to_struct(plain: Any, struct: type[msgspec.Struct], name: str, version: str) -> Decoded:
    problem = f'{name} in version "{version}" cannot be handled as a {name}'
    unknown: list[str] = []
    try:
        value = node_of(struct, version).read(plain, unknown)
        obj = msgspec.convert(value, struct)
    except Mismatch as error:
        raise BadRequest(f"{problem}: {error.text(name)}") from error
    except msgspec.ValidationError as error:
        raise BadRequest(f"{problem}: {error}") from error
    return Decoded(obj, [f"unknown field {_quoted(path)}" for path in unknown])


def strict_error(kind: Kind, problems: Sequence[str]) -> BadRequest:
    problem = f'{kind.name} in version "{kind.version}" cannot be handled as a {kind.name}'
    return BadRequest(f"{problem}: strict decoding error: {', '.join(problems)}")


def duplicates(body: bytes) -> list[str]:
    """`duplicate field "spec.color"` for each key that occurs twice in an object. `body` is valid JSON."""
    found = False

    def keep_pairs(pairs: list[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
        nonlocal found
        found = found or len(dict(pairs)) != len(pairs)
        return tuple(pairs)

    tree = json.loads(body, object_pairs_hook=keep_pairs)
    return [f"duplicate field {_quoted(path)}" for path in dict.fromkeys(_repeated(tree, ""))] if found else []


def _repeated(tree: Any, path: str) -> Iterator[str]:
    if isinstance(tree, tuple):
        seen = set()
        for key, value in tree:
            below = f"{path}.{key}" if path else key
            if key in seen:
                yield below
            seen.add(key)
            yield from _repeated(value, below)
    elif isinstance(tree, list):
        for place, value in enumerate(tree):
            yield from _repeated(value, f"{path}[{place}]")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

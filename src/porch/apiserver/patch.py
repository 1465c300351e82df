"""Patches: a body becomes a pure function on plain JSON values. JSON patch (RFC 6902) and merge patch (RFC 7386) are
here, strategic merge in `strategic`.

The function never changes what it is given. It raises BadRequest for a patch that is not one, Invalid for one that does
not fit the object.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import msgspec

from porch.apiserver import strategic
from porch.apiserver.codec import DUPLICATES_LIMIT, check_depth, duplicates, parse_json
from porch.apiserver.conform import node_of
from porch.apiserver.negotiate import APPLY_PATCH
from porch.errors import BadRequest, Details, FieldError, Invalid, RequestTooLarge, UnsupportedMediaType
from porch.types.kind import Kind

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
MAX_OPERATIONS = 10_000
MAX_COPIES = 3 * 1024 * 1024
"""Bytes that the copies of one JSON patch may add, as in Kubernetes. Copies of copies double with every step."""

Patch = Callable[[dict[str, Any]], Any]
_MISSING = object()


class Step(msgspec.Struct, rename={"source": "from"}):
    """One operation of a JSON patch. An absent value is empty."""

    op: str
    path: str
    source: str | None = None
    value: msgspec.Raw = msgspec.Raw()


_MEMBERS = frozenset(Step.__struct_encode_fields__)


class _Unfit(Exception):
    """A step that does not fit the object."""


def parse(media: str, body: bytes, kind: Kind) -> Patch:
    """The patch in `body` for objects of `kind`."""
    if media == JSON_PATCH:
        steps = json_patch_steps(body)
        return lambda value: json_patch(value, steps)
    if media == MERGE_PATCH:
        changes = _object(body)
        return lambda value: merge_patch(value, changes)
    if media == STRATEGIC_PATCH:
        changes = _object(body)
        return lambda value: strategic.merge(value, changes, node_of(kind.type, kind.version))
    accepted = f"{JSON_PATCH}, {MERGE_PATCH}, {STRATEGIC_PATCH}"
    reason = "server-side apply is not built yet" if media == APPLY_PATCH else "unknown patch type"
    raise UnsupportedMediaType(
        f"{reason}: the body of the request was in an unknown format - accepted media types include: {accepted}"
    )


def problems(media: str, body: bytes) -> list[str]:
    """What is odd in the patch itself, as Kubernetes words it: duplicate keys, members that no operation has."""
    repeated = duplicates(body) if len(body) <= DUPLICATES_LIMIT else []
    if media != JSON_PATCH:
        return repeated
    unknown = (
        f"unknown field {msgspec.json.encode(f'[{place}].{key}').decode()}"
        for place, step in enumerate(msgspec.json.decode(body))
        for key in step
        if key not in _MEMBERS
    )
    return [f"json patch {problem}" for problem in (*repeated, *unknown)]


def _object(body: bytes) -> dict[str, Any]:
    value = parse_json(body, "error decoding patch")
    if not isinstance(value, dict):
        word = {list: "array", str: "string", bool: "bool"}.get(type(value), "number")
        text = f"json: cannot unmarshal {word} into Go value of type map[string]interface {{}}"
        raise BadRequest(f"error decoding patch: {text}")
    return value


def merge_patch(value: Any, changes: Any) -> Any:
    """RFC 7386: null deletes, objects are merged, everything else is replaced."""
    if not isinstance(changes, dict):
        return changes
    result = dict(value) if isinstance(value, dict) else {}
    for key, change in changes.items():
        if change is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), change)
    return result


def json_patch_steps(body: bytes) -> list[Step]:
    steps = parse_json(body, "error decoding patch")
    if not isinstance(steps, list):
        word = {dict: "object", str: "string", bool: "bool"}.get(type(steps), "number")
        text = f"json: cannot unmarshal {word} into Go value of type []handlers.jsonPatchOp"
        raise BadRequest(f"error decoding patch: {text}")
    if len(steps) > MAX_OPERATIONS:
        raise RequestTooLarge(
            "Request entity too large: The allowed maximum operations in a JSON patch is "
            f"{MAX_OPERATIONS}, got {len(steps)}"
        )
    try:
        return msgspec.json.decode(body, type=list[Step])
    except msgspec.ValidationError as error:
        raise BadRequest(f"error decoding patch: {error}") from error


def json_patch(value: Any, steps: list[Step]) -> Any:
    """RFC 6902: all steps or none."""
    document = deepcopy(value)
    budget = MAX_COPIES
    for place, step in enumerate(steps):
        try:
            # Counted before it is made: making it is what takes the time and the memory.
            budget -= _copied(document, step)
            if budget < 0:
                raise RequestTooLarge("Request entity too large: the copies of this JSON patch exceed 3 MiB")
            document = _apply(document, step)
        except _Unfit as error:
            raise _rejected(place, step, str(error)) from None
        except RecursionError as error:
            raise _rejected(place, step, "the result is nested too deeply") from error
    check_depth(document, "the result of the JSON patch")
    return document


def _copied(document: Any, step: Step) -> int:
    """How many bytes a copy would add."""
    if step.op != "copy" or step.source is None:
        return 0
    return len(msgspec.json.encode(_get(document, _pointer(step.source))))


def _rejected(place: int, step: Step, why: str) -> Invalid:
    text = f'operation {place} ("{step.op:.20}" at "{step.path:.253}"): {why}'
    cause = FieldError(f"[{place}]", "FieldValueInvalid", text)
    details = Details(causes=(cause,))
    return Invalid(f"the server rejected our request due to an error in our request: {text}", details=details)


def _apply(document: Any, step: Step) -> Any:
    path = _pointer(step.path)
    match step.op:
        case "add":
            return _add(document, path, _value(step))
        case "remove":
            return _remove(document, path)
        case "replace":
            _get(document, path)
            return _add(_remove(document, path), path, _value(step)) if path else _value(step)
        case "test":
            if not _equal(_get(document, path), _value(step)):
                raise _Unfit("the value is another one")
            return document
        case "move" | "copy":
            return _transfer(document, step, path)
    raise _Unfit("unknown operation; known are add, remove, replace, move, copy, test")


def _transfer(document: Any, step: Step, path: list[str]) -> Any:
    if step.source is None:
        raise _Unfit('"from" is missing')
    source = _pointer(step.source)
    value = _get(document, source)
    if step.op == "copy":
        # Through JSON, which is many times faster than deepcopy.
        return _add(document, path, msgspec.json.decode(msgspec.json.encode(value)))
    if source == path:
        return document
    if path[: len(source)] == source:
        raise _Unfit('"from" may not contain "path"')
    return _add(_remove(document, source), path, value)


def _value(step: Step) -> Any:
    if not bytes(step.value):
        raise _Unfit('"value" is missing')
    return msgspec.json.decode(step.value)


def _equal(left: Any, right: Any) -> bool:
    """As JSON compares: true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)


def _pointer(text: str) -> list[str]:
    """A JSON pointer (RFC 6901) as its tokens."""
    if not text:
        return []
    if not text.startswith("/"):
        raise _Unfit("a path begins with '/'")
    return [token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/")]


def _get(document: Any, path: list[str]) -> Any:
    for token in path:
        if isinstance(document, dict):
            found = document.get(token, _MISSING)
        elif isinstance(document, list):
            place = _place(token, len(document) - 1)
            found = document[place]
        else:
            found = _MISSING
        if found is _MISSING:
            raise _Unfit(f'there is no "{token:.253}"')
        document = found
    return document


def _place(text: str, last: int) -> int:
    if not (text.isascii() and text.isdigit()) or (text != "0" and text.startswith("0")):
        raise _Unfit(f'"{text:.253}" is no list index')
    if len(text) > 9 or int(text) > last:
        raise _Unfit(f"index {text:.20} is out of bounds")
    return int(text)


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _get(document, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else _place(last, len(parent)), value)
    else:
        raise _Unfit("its parent is neither object nor list")
    return document


def _remove(document: Any, path: list[str]) -> Any:
    if not path:
        return None
    _get(document, path)
    parent, last = _get(document, path[:-1]), path[-1]
    if isinstance(parent, dict):
        del parent[last]
    else:
        del parent[int(last)]
    return document

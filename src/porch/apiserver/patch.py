"""Patches: a body becomes a pure function on plain JSON values. JSON patch (RFC 6902) and merge patch (RFC 7386) are
here, strategic merge in `strategic`.

The function never changes what it is given. It raises BadRequest for a patch that is not one, Invalid for one that does
not fit the object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from porch.apiserver import strategic
from porch.apiserver.codec import DUPLICATES_LIMIT, check_depth, duplicates, parse_json
from porch.apiserver.conform import node_of
from porch.apiserver.json_document import Document, Unfit, pointer
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


class Step(msgspec.Struct, rename={"source": "from"}):
    """One operation of a JSON patch. An absent value is empty."""

    op: str
    path: str
    source: str | None = None
    value: msgspec.Raw = msgspec.Raw()


_MEMBERS = frozenset(Step.__struct_encode_fields__)


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
    document = Document(value)
    budget = MAX_COPIES
    for place, step in enumerate(steps):
        try:
            # Counted before it is made: the result is written out in full.
            budget -= _copied(document, step)
            if budget < 0:
                raise RequestTooLarge("Request entity too large: the copies of this JSON patch exceed 3 MiB")
            _apply(document, step)
        except Unfit as error:
            raise _rejected(place, step, str(error)) from None
        except RecursionError as error:
            raise _rejected(place, step, "the result is nested too deeply") from error
    check_depth(document.root, "the result of the JSON patch")
    return document.root


def _copied(document: Document, step: Step) -> int:
    """How many bytes a copy would add."""
    if step.op != "copy" or step.source is None:
        return 0
    return len(msgspec.json.encode(document.get(pointer(step.source))))


def _rejected(place: int, step: Step, why: str) -> Invalid:
    text = f'operation {place} ("{step.op:.20}" at "{step.path:.253}"): {why}'
    cause = FieldError(f"[{place}]", "FieldValueInvalid", text)
    details = Details(causes=(cause,))
    return Invalid(f"the server rejected our request due to an error in our request: {text}", details=details)


def _apply(document: Document, step: Step) -> None:
    path = pointer(step.path)
    match step.op:
        case "add":
            document.add(path, _value(step))
        case "remove":
            document.remove(path)
        case "replace":
            document.get(path)
            value = _value(step)
            document.remove(path)
            document.add(path, value)
        case "test":
            if not _equal(document.get(path), _value(step)):
                raise Unfit("the value is another one")
        case "move" | "copy":
            _transfer(document, step, path)
        case _:
            raise Unfit("unknown operation; known are add, remove, replace, move, copy, test")


def _transfer(document: Document, step: Step, path: list[str]) -> None:
    if step.source is None:
        raise Unfit('"from" is missing')
    source = pointer(step.source)
    value = document.get(source)
    if step.op == "copy":
        document.add(path, document.share(value))
    elif path[: len(source)] != source:
        document.remove(source)
        document.add(path, value)
    elif path != source:
        raise Unfit('"from" may not contain "path"')


def _value(step: Step) -> Any:
    if not bytes(step.value):
        raise Unfit('"value" is missing')
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

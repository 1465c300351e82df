"""The verbs create, update, patch and delete: a body becomes an object, storage takes it, the result becomes an Answer.

Synchronous, always on a worker thread. Between decoding and storage lies what Kubernetes does for every kind: strict
field validation or its warnings, and the agreement of names and namespaces between body and URL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from porch.apiserver import answer, codec, patch
from porch.apiserver.encode import renamed
from porch.apiserver.interface import Answer
from porch.apiserver.operation import Operation
from porch.apiserver.options import IGNORE, STRICT, WriteOptions, delete_options, write_options
from porch.apiserver.status import removed
from porch.errors import BadRequest, Invalid, PorchError, invalid
from porch.objects import Replacement
from porch.observe import step
from porch.store import StoredVersion
from porch.types.kind import Kind

_MOST_SHOWN = 4096


def create(operation: Operation, body: bytes) -> Answer:
    target, call = operation.target, operation.call
    options = _options(operation, "CreateOptions")
    obj = _decoded(operation, options, body)
    _settle_namespace(operation, obj)
    if target.subresource:
        obj.metadata.name = obj.metadata.name or operation.given
        _settle_name(operation, obj)
    given = obj.metadata.name
    item = target.part.storage.create(call, target.namespace, obj)
    return _answer(operation, renamed(item, given) if item.alias == given else item, 201)


def update(operation: Operation, body: bytes) -> Answer:
    target, call = operation.target, operation.call
    options = _options(operation, "UpdateOptions")
    sent = msgspec.to_builtins(_decoded(operation, options, body))
    del body  # it may be large, and what it said is in `sent`

    def make() -> Any:
        # A fresh object each time: storage may ask again, and changes what it gets.
        obj = msgspec.convert(sent, target.resource.kind.type)
        _settle_name(operation, obj)
        _settle_namespace(operation, obj)
        return obj

    change = Replacement(make)
    item = target.resource.storage.update(call, target.namespace, operation.name, change, target.subresource)
    return _answer(operation, renamed(item, operation.given))


def patch_object(operation: Operation, body: bytes) -> Answer:
    target, call = operation.target, operation.call
    kind = target.resource.kind
    options = _options(operation, "PatchOptions")
    media = codec.media_type(operation.request.headers.get("content-type", ""))
    apply = patch.parse(media, body, kind)
    in_patch = [] if options.validation == IGNORE else patch.problems(media, body)
    warnings: dict[str, None] = {}

    def change(current: Any) -> Any:
        before = msgspec.to_builtins(current)
        before["metadata"]["name"] = operation.given
        after = apply(before)
        obj, unknown = _patched(kind, after)
        problems = [*in_patch, *unknown]
        if problems and options.validation == STRICT:
            raise _unpatchable(after, f"strict decoding error: {', '.join(problems)}")
        warnings.update(dict.fromkeys(problems))
        _settle_name(operation, obj)
        _settle_namespace(operation, obj)
        if not target.resource.strategy.must_name_version and _same_version(obj, current):
            # Not the client's condition: when the object moves meanwhile, the patch is applied to what it is then.
            obj.metadata.resource_version = ""
        return obj

    item = target.resource.storage.update(call, target.namespace, operation.name, change, target.subresource)
    if options.validation != IGNORE:
        call.warnings.extend(warnings)
    return _answer(operation, renamed(item, operation.given))


def delete(operation: Operation, body: bytes) -> Answer:
    target, call = operation.target, operation.call
    asked = delete_options(operation.request, body)
    call.dry_run = asked.dry_run
    deleted = target.resource.storage.delete(call, target.namespace, operation.name, asked.options)
    item = renamed(deleted.item, operation.given)
    if not deleted.finished:
        return _answer(operation, item, 202 if asked.deferred else 200)
    kind = target.resource.kind
    return answer.of_value(removed(kind.group, kind.plural, operation.given, item.uid), operation.shape)


def _answer(operation: Operation, item: StoredVersion, code: int = 200) -> Answer:
    return answer.of_object(operation.target.part, item, operation.shape, operation.include, code)


def _options(operation: Operation, kind: str) -> WriteOptions:
    options = write_options(operation.request, kind)
    operation.call.dry_run, operation.call.field_manager = options.dry_run, options.field_manager
    return options


def _decoded(operation: Operation, options: WriteOptions, body: bytes) -> Any:
    """The object in the body. Its unknown and duplicate fields are refused, or warned of, or dropped in silence."""
    kind = operation.target.part.kind
    with step("apiserver.decode"):
        content_type = operation.request.headers.get("content-type", "")
        plain, repeated = codec.read_object(kind, body, content_type, operation.target.part.workers)
        decoded = codec.to_object(kind, plain)
    problems = [*repeated, *decoded.problems]
    if problems and options.validation == STRICT:
        raise codec.strict_error(kind, problems)
    if options.validation != IGNORE:
        operation.call.warnings.extend(problems)
    return decoded.obj


def _settle_namespace(operation: Operation, obj: Any) -> None:
    meta, namespace = obj.metadata, operation.target.namespace
    if meta.namespace and namespace and meta.namespace != namespace:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    meta.namespace = namespace


def _settle_name(operation: Operation, obj: Any) -> None:
    """The body may use the client's name or the canonical one; storage gets the canonical one."""
    name, given = obj.metadata.name, operation.given
    if not name:
        raise BadRequest(f"the name of the object ({given} based on URL) was undeterminable: name must be provided")
    if name not in {given, operation.name}:
        raise BadRequest(f"the name of the object ({name:.253}) does not match the name on the URL ({given})")
    obj.metadata.name = operation.name


def _same_version(obj: Any, current: Any) -> bool:
    return bool(obj.metadata.resource_version == current.metadata.resource_version)


def _patched(kind: Kind, after: Any) -> tuple[Any, Sequence[str]]:
    """The patched object and its problems."""
    try:
        decoded = codec.to_object(kind, codec.check_kind(kind, after))
    except PorchError as error:
        raise _unpatchable(after, error.message) from error
    return decoded.obj, decoded.problems


def _unpatchable(plain: Any, why: str) -> Invalid:
    """Shows the object as patched, but not megabytes of it."""
    text = msgspec.json.encode(plain).decode()
    shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
    return Invalid.of("", "", "", [invalid("patch", shown, why)])

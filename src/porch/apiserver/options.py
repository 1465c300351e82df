"""Query parameters of the verbs, checked as Kubernetes checks them: what writes, lists and watches may ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from porch.apiserver import codec, select
from porch.apiserver.negotiate import APPLY_PATCH
from porch.apiserver.request import Request
from porch.errors import BadRequest, FieldError, Invalid, forbidden, invalid, not_supported
from porch.objects import DeleteOptions, ListOptions
from porch.types.base import Part

META_GROUP = "meta.k8s.io"
IGNORE, STRICT, WARN = "Ignore", "Strict", "Warn"
_MAX_INT64 = 2**63 - 1
_MAX_MANAGER = 128
_PROPAGATION = ("Foreground", "Background", "Orphan", "nil")
_DURATION_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)", re.ASCII)


@dataclass(frozen=True, slots=True)
class WriteOptions:
    dry_run: bool
    field_manager: str
    validation: str


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """`initial` is whether the stream begins with the current objects; `mark_end` whether a bookmark says that they
    are complete. `timeout` 0 lets the server choose.
    """

    selection: ListOptions
    initial: bool
    mark_end: bool
    bookmarks: bool
    timeout: float


def _refuse(kind: str, errors: Sequence[FieldError]) -> None:
    if errors:
        raise Invalid.of(META_GROUP, kind, "", errors)


def write_options(request: Request, kind: str) -> WriteOptions:
    """`kind` is CreateOptions, UpdateOptions or PatchOptions: the name under which bad values are reported."""
    dry_run = [value for value in request.query.get("dryRun", ()) if value]
    validation = request.parameter("fieldValidation")
    manager = request.parameter("fieldManager")
    errors = _dry_run_errors(dry_run)
    if validation not in {"", IGNORE, STRICT, WARN}:
        errors.append(not_supported("fieldValidation", validation, ("", IGNORE, STRICT, WARN)))
    if len(manager.encode()) > _MAX_MANAGER:
        errors.append(FieldError("fieldManager", "FieldValueTooLong", "Too long: may not be more than 128 bytes"))
    elif not manager.isprintable():
        errors.append(invalid("fieldManager", manager, "should only contain printable characters"))
    if kind == "PatchOptions" and "force" in request.query and not _is_apply(request):
        errors.append(forbidden("force", "may not be specified for non-apply patch"))
    _refuse(kind, errors)
    if not manager:
        manager = _manager_of(request.headers.get("user-agent", ""))
    return WriteOptions(bool(dry_run), manager, validation or WARN)


def _is_apply(request: Request) -> bool:
    return codec.media_type(request.headers.get("content-type", "")) == APPLY_PATCH


def _manager_of(user_agent: str) -> str:
    """The program's name, as far as a field manager may be named: header bytes are UTF-8 here, as for Kubernetes."""
    name = user_agent.partition("/")[0].encode("latin-1", "ignore").decode(errors="ignore")
    printable = "".join(filter(str.isprintable, name))
    return printable.encode()[:_MAX_MANAGER].decode(errors="ignore")


def _dry_run_errors(values: Sequence[str]) -> list[FieldError]:
    if all(value == "All" for value in values):
        return []
    return [not_supported("dryRun", list(values), ("All",))]


def list_options(request: Request, namespace: str, name: str = "") -> ListOptions:
    """`name` is that of a one-object watch; a collection has none."""
    version = resource_version(request.parameter("resourceVersion"))
    match = request.parameter("resourceVersionMatch")
    continue_token = request.parameter("continue")
    if not request.flag("watch"):
        _refuse("ListOptions", _match_errors(version, match, continue_token))
        if request.parameter("sendInitialEvents"):
            _refuse("ListOptions", [forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")])
    if continue_token and version not in {"", "0"}:
        raise BadRequest("specifying resource version is not allowed when using continue")
    limit = _integer(request, "limit")
    fields = select.field_selector(request.parameter("fieldSelector"))
    return ListOptions(
        namespace=namespace,
        labels=select.label_selector(request.parameter("labelSelector")),
        fields=select.and_name(fields, name) if name else fields,
        limit=0 if version == "0" else limit,
        continue_token=continue_token,
        resource_version=version,
        match=match,
    )


def _match_errors(version: str, match: str, continue_token: str) -> list[FieldError]:
    field = "resourceVersionMatch"
    if not match:
        return []
    if match not in {"Exact", "NotOlderThan"}:
        return [not_supported(field, match, ("Exact", "NotOlderThan", ""))]
    if not version:
        return [forbidden(field, "resourceVersionMatch is forbidden unless resourceVersion is provided")]
    if continue_token:
        return [forbidden(field, "resourceVersionMatch is forbidden when continue is provided")]
    if match == "Exact" and version == "0":
        return [forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')]
    return []


def watch_options(request: Request, namespace: str, name: str) -> WatchOptions:
    match = request.parameter("resourceVersionMatch")
    streaming = request.flag("sendInitialEvents")
    asked = "sendInitialEvents" in request.query
    errors = []
    if asked and match != "NotOlderThan":
        why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        errors.append(forbidden("resourceVersionMatch", why))
    if match and not asked:
        why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        errors.append(forbidden("resourceVersionMatch", why))
    _refuse("ListOptions", errors)
    selection = list_options(request, namespace, name)
    bookmarks = request.flag("allowWatchBookmarks")
    return WatchOptions(
        selection=selection,
        initial=streaming or (not asked and selection.resource_version in {"", "0"}),
        mark_end=streaming and bookmarks,
        bookmarks=bookmarks,
        timeout=float(_integer(request, "timeoutSeconds")),
    )


class Preconditions(Part):
    uid: str = ""
    resource_version: str = ""


class DeleteOptionsBody(Part):
    """meta.k8s.io/v1 DeleteOptions as a client sends them."""

    kind: str = ""
    api_version: str = ""
    grace_period_seconds: int | None = None
    preconditions: Preconditions | None = None
    propagation_policy: str | None = None
    orphan_dependents: bool | None = None
    dry_run: list[str] = []


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """`deferred` is whether the client, by an old field, asked to be told with 202 that the object is not gone yet."""

    options: DeleteOptions
    dry_run: bool
    deferred: bool


def delete_options(request: Request, body: bytes, *, collection: bool = False) -> DeleteRequest:
    """From the body or, if that is empty, from the query."""
    given = _delete_body(request, body) if body.strip() else _delete_query(request)
    policy, conditions = given.propagation_policy, given.preconditions or Preconditions()
    errors = _policy_errors(policy, given.orphan_dependents) + _dry_run_errors(given.dry_run)
    if collection and (conditions.uid or conditions.resource_version):
        errors.append(
            forbidden("preconditions", "they are of one object; a collection is selected by its list options")
        )
    _refuse("DeleteOptions", errors)
    if given.orphan_dependents is not None:
        policy = "Orphan" if given.orphan_dependents else "Background"
    options = DeleteOptions(conditions.uid, conditions.resource_version, policy or "")
    return DeleteRequest(options, bool(given.dry_run), given.orphan_dependents is False)


def _policy_errors(policy: str | None, orphan_dependents: bool | None) -> list[FieldError]:
    if policy is None:
        return []
    errors = []
    if orphan_dependents is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        errors.append(invalid("propagationPolicy", policy, why))
    if policy not in _PROPAGATION[:3]:
        errors.append(not_supported("propagationPolicy", policy, _PROPAGATION))
    return errors


def _delete_body(request: Request, body: bytes) -> DeleteOptionsBody:
    content_type = request.headers.get("content-type", "")
    if codec.media_type(content_type) == codec.PROTOBUF:
        from porch.apiserver import protobuf

        plain: Any = protobuf.decode_delete_options(body)
    else:
        plain = codec.parse(body, content_type, "DeleteOptions")
    # A tuple, because the kind may be a list or an object here, which no set can be asked for.
    if isinstance(plain, dict) and plain.get("kind") not in (None, "", "DeleteOptions"):
        raise BadRequest(f"the body of a delete must be DeleteOptions, not {plain['kind']!r:.100}")
    made: DeleteOptionsBody = codec.to_struct(plain, DeleteOptionsBody, "DeleteOptions", "v1").obj
    return made


def _delete_query(request: Request) -> DeleteOptionsBody:
    _integer(request, "gracePeriodSeconds")  # nothing here needs grace: it is checked, and has no effect
    return DeleteOptionsBody(
        propagation_policy=request.parameter("propagationPolicy") or None,
        orphan_dependents=request.flag("orphanDependents") if "orphanDependents" in request.query else None,
        dry_run=[value for value in request.query.get("dryRun", ()) if value],
    )


def resource_version(text: str) -> str:
    """Checked for syntax; without leading zeros."""
    if not text:
        return ""
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or int(text) > _MAX_INT64:
        why = f'strconv.ParseUint: parsing "{text[:64]}": invalid syntax'
        raise BadRequest(f'invalid resource version: resourceVersion: Invalid value: "{text[:64]}": {why}')
    return str(int(text))


def _integer(request: Request, name: str) -> int:
    text = request.parameter(name)
    if not text:
        return 0
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise BadRequest(f'{name}: strconv.ParseInt: parsing "{text[:64]}": invalid syntax')
    return max(0, int(text))


def time_limit(request: Request, most: float) -> float:
    """How many seconds the request may take: what `timeout` asks for (`30s`, `1m30s`), at most `most`."""
    text = request.parameter("timeout")
    if text in {"", "0"}:
        return most
    parts = _DURATION_PART.findall(text[:64])
    if "".join(number + unit for number, unit in parts) != text:
        raise BadRequest(f'invalid timeout specified in the request URL: "{text[:64]}" is not a duration like 30s')
    return min(sum(float(number) * _DURATION_UNITS[unit] for number, unit in parts) or most, most)

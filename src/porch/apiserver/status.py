"""Errors as Kubernetes Status objects."""

from __future__ import annotations

from typing import Any

import msgspec

from porch.errors import Details, Expired, InternalError, PorchError


def status(error: PorchError) -> dict[str, Any]:
    """The Status object of an error."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": _metadata(error),
        "status": "Failure",
        "message": error.message,
        "reason": error.reason,
        **_details(error),
        "code": error.code,
    }


def _metadata(error: PorchError) -> dict[str, str]:
    token = error.continue_token if isinstance(error, Expired) else ""
    return {"continue": token} if token else {}


def status_json(error: PorchError) -> bytes:
    return msgspec.json.encode(status(error))


def unexpected(audit_id: str) -> InternalError:
    """What a client is told of a fault of ours: nothing but where to look it up."""
    return InternalError(f"the server failed on this request; its log has more under Audit-Id {audit_id}")


def _details(error: PorchError) -> dict[str, Any]:
    given = error.details
    if given is None and not error.retry_after and not isinstance(error, InternalError):
        return {}
    details = given or Details()
    fields: dict[str, Any] = {
        "name": details.name,
        "group": details.group,
        "kind": details.kind,
        "uid": details.uid,
        "causes": [
            {key: value for key, value in zip(("reason", "message", "field"), cause, strict=True) if value}
            for cause in ((cause.reason, cause.text, cause.field) for cause in details.causes)
        ],
        "retryAfterSeconds": error.retry_after,
    }
    if isinstance(error, InternalError) and not details.causes:
        fields["causes"] = [{"message": error.message}]
    return {"details": {key: value for key, value in fields.items() if value}}


def removed(group: str, resource: str, name: str, uid: str) -> dict[str, Any]:
    """The Status that answers a finished delete; kubectl waits for this uid to be gone."""
    named = {"name": name, "group": group, "kind": resource, "uid": uid}
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {key: value for key, value in named.items() if value},
    }

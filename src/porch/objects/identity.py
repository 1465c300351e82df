"""Does an update mean this very object: its name, namespace, uid and, if it says one, version?

The same questions for every kind, asked before anything is compared or written.
"""

from __future__ import annotations

from porch import errors
from porch.errors import BadRequest, Conflict, Invalid
from porch.objects import paging
from porch.types.kind import Kind
from porch.types.meta import ObjectMeta


def require_same(kind: Kind, meta: ObjectMeta, old: ObjectMeta, *, must_name_version: bool) -> None:
    """`meta` is what the client sent. Raises BadRequest, Conflict or Invalid with Kubernetes' texts."""
    if not meta.name:
        raise BadRequest(f"the name of the object ({old.name} based on URL) was undeterminable: name must be provided")
    if meta.name != old.name:
        raise BadRequest(f"the name of the object ({meta.name}) does not match the name on the URL ({old.name})")
    meta.namespace = effective_namespace(kind, old.namespace, meta.namespace)
    if meta.uid and meta.uid != old.uid:
        why = f"Precondition failed: UID in precondition: {meta.uid}, UID in object meta: {old.uid}"
        raise Conflict.of(kind.group, kind.plural, old.name, why)
    version = paging.read_version(meta.resource_version)
    if version and version != int(old.resource_version):
        raise Conflict.modified(kind.group, kind.plural, old.name)
    if not version and must_name_version:
        unnamed = errors.invalid("metadata.resourceVersion", 0, "must be specified for an update")
        raise Invalid.of(kind.group, kind.plural, old.name, [unnamed])


def effective_namespace(kind: Kind, wanted: str, given: str) -> str:
    """The namespace of an object sent to `wanted`."""
    if not kind.namespaced:
        return ""
    if not wanted:
        raise BadRequest("an empty namespace may not be set during creation")
    if given not in {"", wanted}:
        raise BadRequest("the namespace of the provided object does not match the namespace sent on the request")
    return wanted


def require_preconditions(kind: Kind, name: str, wanted: tuple[str, str], found: tuple[str, str]) -> None:
    """`wanted` and `found` are (uid, resourceVersion); an empty wish is always met. Raises Conflict."""
    losses = (("UID", "deleted and then recreated"), ("ResourceVersion", "modified"))
    for (label, lost), wish, fact in zip(losses, wanted, found, strict=True):
        if wish and wish != fact:
            why = (
                f"the {label} in the precondition ({wish}) does not match the {label} in record ({fact}). "
                f"The object might have been {lost}"
            )
            raise Conflict.of(kind.group, kind.name, name, why)

"""The rules of ObjectMeta, the same for every kind: what the server sets, what clients may write, what never changes.

Pure functions: `objects.stored` calls them around each write, and the engine does for packages. Errors come back as
FieldErrors with Kubernetes' own texts, so that a mistake reads the same on every server.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from porch.errors import FieldError, forbidden, invalid, required, too_long, too_many
from porch.keys import label_value_problems, qualified_name_problems
from porch.types.meta import ObjectMeta, OwnerReference

MAX_ANNOTATION_BYTES = 256 * 1024
MAX_ENTRIES = 1000
"""Of labels, finalizers and owner references each. Kubernetes counts none of them; nobody needs as many."""

# No vowels and no look-alikes, so that generated names spell nothing.
_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"

NameRule = Callable[[str], list[str]]


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def generated_name(prefix: str) -> str:
    return prefix[:58] + "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(5))


def begin(meta: ObjectMeta) -> None:
    """Makes the metadata of a new object: whatever only the server may say is wiped, uid and time of birth are set."""
    forget_ignored(meta)
    meta.resource_version = ""
    meta.generation = 0
    meta.deletion_timestamp = None
    meta.deletion_grace_period_seconds = None
    meta.uid = str(uuid.uuid4())
    meta.creation_timestamp = now()


def carry_over(meta: ObjectMeta, old: ObjectMeta) -> None:
    """Fills in, for an update, what clients may leave out and what they cannot change."""
    forget_ignored(meta)
    meta.uid = meta.uid or old.uid
    meta.namespace = meta.namespace or old.namespace
    meta.creation_timestamp = old.creation_timestamp
    meta.generation = old.generation
    if meta.deletion_timestamp is None:
        meta.deletion_timestamp = old.deletion_timestamp
    if meta.deletion_grace_period_seconds is None:
        meta.deletion_grace_period_seconds = old.deletion_grace_period_seconds


def forget_ignored(meta: ObjectMeta) -> None:
    meta.self_link = ""
    meta.managed_fields = []


def drop_repeated_owners(meta: ObjectMeta) -> list[str]:
    """Removes identical owner references; the warning to send for it."""
    kept: list[OwnerReference] = []
    repeated: list[str] = []
    for owner in meta.owner_references:
        if owner in kept:
            repeated.append(owner.uid)
        else:
            kept.append(owner)
    meta.owner_references = kept
    uids = ", ".join(dict.fromkeys(repeated))
    return [f"metadata.ownerReferences contained duplicate entries of uid {uids}; one is kept"] if repeated else []


def metadata_errors(meta: ObjectMeta, name_rule: NameRule) -> list[FieldError]:
    """Everything wrong with metadata that a client wrote. `name_rule` is the kind's own."""
    return [
        *_name_errors(meta, name_rule),
        *_label_errors(meta.labels),
        *_annotation_errors(meta.annotations),
        *_finalizer_errors(meta.finalizers),
        *_owner_errors(meta.owner_references),
    ]


def update_errors(meta: ObjectMeta, old: ObjectMeta) -> list[FieldError]:
    """Changes that no update may make; `carry_over` was called before."""
    errors = [
        invalid(f"metadata.{name}", new, "field is immutable")
        for name, new, before in (
            ("deletionTimestamp", meta.deletion_timestamp, old.deletion_timestamp),
            (
                "deletionGracePeriodSeconds",
                meta.deletion_grace_period_seconds,
                old.deletion_grace_period_seconds,
            ),
        )
        if new != before
    ]
    added = [name for name in meta.finalizers if name not in old.finalizers]
    if old.deletion_timestamp and added:
        found = ", ".join(f'"{name}"' for name in added)
        text = "no new finalizers can be added if the object is being deleted, found new finalizers []string{" + found
        errors.append(forbidden("metadata.finalizers", text + "}"))
    return errors


def _name_errors(meta: ObjectMeta, name_rule: NameRule) -> list[FieldError]:
    if prefix := meta.generate_name:
        # A prefix may end in what a name may not: the random part follows.
        whole = prefix[:-1] + "a" if prefix[-1] in "-." else prefix
        if problems := _segment_problems(prefix) or name_rule(whole):
            return [invalid("metadata.generateName", prefix, problem) for problem in problems]
    problems = _segment_problems(meta.name) or name_rule(meta.name)
    return [invalid("metadata.name", meta.name, problem) for problem in problems]


def _segment_problems(name: str) -> list[str]:
    """A name is one segment of a URL, whatever else its kind allows."""
    if name in {".", ".."}:
        return [f"may not be '{name}'"]
    return [f"may not contain '{character}'" for character in "/%" if character in name]


def _label_errors(labels: Mapping[str, str]) -> list[FieldError]:
    if len(labels) > MAX_ENTRIES:
        return [too_many("metadata.labels", len(labels), MAX_ENTRIES)]
    path = "metadata.labels"
    errors = []
    for key, value in labels.items():
        errors += [invalid(path, key, problem) for problem in qualified_name_problems(key)]
        errors += [invalid(path, value, problem) for problem in label_value_problems(value)]
    return errors


def _annotation_errors(annotations: Mapping[str, str]) -> list[FieldError]:
    path = "metadata.annotations"
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > MAX_ANNOTATION_BYTES:
        return [too_long(path, MAX_ANNOTATION_BYTES)]
    return [invalid(path, key, problem) for key in annotations for problem in qualified_name_problems(key.lower())]


def _finalizer_errors(finalizers: list[str]) -> list[FieldError]:
    path = "metadata.finalizers"
    if len(finalizers) > MAX_ENTRIES:
        return [too_many(path, len(finalizers), MAX_ENTRIES)]
    return [invalid(path, name, problem) for name in finalizers for problem in qualified_name_problems(name)]


def _owner_errors(owners: list[OwnerReference]) -> list[FieldError]:
    path = "metadata.ownerReferences"
    if len(owners) > MAX_ENTRIES:
        return [too_many(path, len(owners), MAX_ENTRIES)]
    errors = []
    for index, owner in enumerate(owners):
        given = {"apiVersion": owner.api_version, "kind": owner.kind, "name": owner.name, "uid": owner.uid}
        errors += [
            required(f"{path}[{index}].{field}", "must not be empty") for field, value in given.items() if not value
        ]
        if (owner.api_version, owner.kind) == ("v1", "Event"):
            errors.append(invalid(f"{path}[{index}]", "Event", "is disallowed from being an owner"))
    controllers = [owner.name for owner in owners if owner.controller]
    if len(controllers) > 1:
        names = " and ".join(controllers)
        text = f'Only one reference can have Controller set to true. Found "true" in references for {names}'
        errors.append(invalid(path, len(controllers), text))
    return errors

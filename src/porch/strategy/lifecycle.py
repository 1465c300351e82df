"""Which lifecycle may follow which, at the two endpoints that change one. Texts are upstream's.

Draft and Proposed go back and forth on the main endpoint; only the approval endpoint publishes. What is published may
be proposed for deletion and back, on either.
"""

from __future__ import annotations

from porch.errors import FieldError, invalid, not_supported
from porch.types.packagerevision import DELETION_PROPOSED, DRAFT, LIFECYCLES, PROPOSED, PUBLISHED

_FIELD = "spec.lifecycle"
UNPUBLISHED = (DRAFT, PROPOSED)
_CANONICAL = {lifecycle.lower(): lifecycle for lifecycle in LIFECYCLES}


def canonical(lifecycle: str) -> str:
    """The right letter case; unknown values stay as they are."""
    return _CANONICAL.get(lifecycle.lower(), lifecycle)


def create_errors(lifecycle: str) -> list[FieldError]:
    if lifecycle in {"", *UNPUBLISHED}:
        return []
    if lifecycle in LIFECYCLES:
        return [invalid(_FIELD, lifecycle, "value can be only created as Draft or Proposed")]
    return [not_supported(_FIELD, lifecycle, UNPUBLISHED)]


def update_errors(old: str, new: str) -> list[FieldError]:
    """The main endpoint. An empty `new` means Draft. Back from Published is a change of a fixed spec: not told here."""
    if new and new not in LIFECYCLES:
        return [not_supported(_FIELD, new, LIFECYCLES)]
    if old in UNPUBLISHED and new not in {"", *UNPUBLISHED}:
        return [invalid(_FIELD, new, "value can be only updated to Draft,Proposed")]
    return []


def approval_errors(old: str, new: str) -> list[FieldError]:
    """The approval endpoint: what is wrong with the old value, then with the new one."""
    errors = []
    if old in {"", DRAFT}:
        text = "cannot approve package with Draft lifecycle value; only Proposed packages can be approved"
        errors.append(invalid(_FIELD, DRAFT, text))
    elif old == PUBLISHED and new != DELETION_PROPOSED:
        text = "package with Published lifecycle value can only be updated to 'ProposeDeletion'"
        errors.append(invalid(_FIELD, old, text))
    elif old == DELETION_PROPOSED and new != PUBLISHED:
        text = "package with DeletionProposed lifecycle value can only be updated to 'Published'"
        errors.append(invalid(_FIELD, old, text))
    if new == DELETION_PROPOSED and old != PUBLISHED:
        text = "cannot update lifecycle DeletionProposed; only Published packages require approval for deletion"
        errors.append(invalid(_FIELD, new, text))
    elif new not in {DRAFT, PUBLISHED, DELETION_PROPOSED}:
        errors.append(invalid(_FIELD, new, "value for approval can be only one of Draft,Published"))
    return errors

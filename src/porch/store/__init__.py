"""Versions, the index of package revisions, intents, verdicts. The door of this room; drivers stay inside."""

from porch.store.interface import (
    ANY_OWNER,
    JUMP,
    Change,
    Intent,
    NewVersion,
    Operation,
    Page,
    Query,
    Reads,
    RefMove,
    RevisionRow,
    Store,
    StoredVersion,
    Transaction,
    Verdict,
)

__all__ = [
    "ANY_OWNER",
    "JUMP",
    "Change",
    "Intent",
    "NewVersion",
    "Operation",
    "Page",
    "Query",
    "Reads",
    "RefMove",
    "RevisionRow",
    "Store",
    "StoredVersion",
    "Transaction",
    "Verdict",
]

"""Versions, the index of package revisions, and intents. The door of this room; drivers stay inside."""

from porch.store.interface import (
    ANY_OWNER,
    JUMP,
    Change,
    Intent,
    NewVersion,
    Page,
    Query,
    Reads,
    RefMove,
    RevisionRow,
    Store,
    StoredVersion,
    Transaction,
)

__all__ = [
    "ANY_OWNER",
    "JUMP",
    "Change",
    "Intent",
    "NewVersion",
    "Page",
    "Query",
    "Reads",
    "RefMove",
    "RevisionRow",
    "Store",
    "StoredVersion",
    "Transaction",
]

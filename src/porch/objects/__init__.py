"""The Objects port: objects of every kind that is not a package, and the verbs that the wire asks of any resource."""

from porch.objects.checks import Check, DeletionCheck, require_namespace
from porch.objects.interface import (
    AUTHENTICATED,
    MASTERS,
    UNAUTHENTICATED,
    Call,
    Caller,
    ChangeFeed,
    Deleted,
    DeleteOptions,
    ListOptions,
    ListResult,
    Replacement,
    ResourceStorage,
)
from porch.objects.listing import read_list
from porch.objects.stored import StoredObjects

__all__ = [
    "AUTHENTICATED",
    "MASTERS",
    "UNAUTHENTICATED",
    "Call",
    "Caller",
    "ChangeFeed",
    "Check",
    "DeleteOptions",
    "Deleted",
    "DeletionCheck",
    "ListOptions",
    "ListResult",
    "Replacement",
    "ResourceStorage",
    "StoredObjects",
    "read_list",
    "require_namespace",
]

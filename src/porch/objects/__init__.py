"""The Objects port: objects of every kind that is not a package, and the verbs that the wire asks of any resource."""

from porch.objects.interface import (
    AUTHENTICATED,
    MASTERS,
    Call,
    Caller,
    ChangeFeed,
    Deleted,
    DeleteOptions,
    ListOptions,
    ListResult,
    ResourceStorage,
)

__all__ = [
    "AUTHENTICATED",
    "MASTERS",
    "Call",
    "Caller",
    "ChangeFeed",
    "DeleteOptions",
    "Deleted",
    "ListOptions",
    "ListResult",
    "ResourceStorage",
]

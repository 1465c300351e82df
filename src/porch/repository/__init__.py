"""The Repository and Draft interfaces; each back end has a folder."""

from porch.repository.interface import (
    Author,
    CredentialResolver,
    Credentials,
    Discovered,
    Entry,
    Files,
    PackageRevisionDraft,
    Plan,
    PushReport,
    Repository,
    Snapshot,
    StoredEarly,
)

__all__ = [
    "Author",
    "CredentialResolver",
    "Credentials",
    "Discovered",
    "Entry",
    "Files",
    "PackageRevisionDraft",
    "Plan",
    "PushReport",
    "Repository",
    "Snapshot",
    "StoredEarly",
]

"""The Repository and Draft interfaces; each back end has a folder."""

from porch.repository.interface import (
    MISSING,
    Author,
    Content,
    CredentialResolver,
    Credentials,
    Discovered,
    Entry,
    Files,
    NewFile,
    PackageRevisionDraft,
    Plan,
    PushReport,
    Repository,
    Snapshot,
    StoredEarly,
)

__all__ = [
    "MISSING",
    "Author",
    "Content",
    "CredentialResolver",
    "Credentials",
    "Discovered",
    "Entry",
    "Files",
    "NewFile",
    "PackageRevisionDraft",
    "Plan",
    "PushReport",
    "Repository",
    "Snapshot",
    "StoredEarly",
]

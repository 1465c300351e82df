"""The Repository and Draft interfaces; each back end has a folder."""

from porch.repository.interface import (
    MISSING,
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
)

__all__ = [
    "MISSING",
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
]

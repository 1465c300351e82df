"""Package revisions in git: hosted here, or at a remote over http(s) or a file path."""

from porch.repository.git.address import GitAddress
from porch.repository.git.executable import check_git
from porch.repository.git.fetched import FetchedPackage, Wanted, fetch_package, local_package
from porch.repository.git.hosted import open_hosted
from porch.repository.git.remote import open_remote
from porch.repository.git.repository import GitRepository
from porch.repository.git.restore import discard, restore
from porch.repository.git.snapshot import complete, refs_at_rest, write_snapshot
from porch.repository.git.upkeep import drop_newest_torn, is_crowded, sync_to_disk, upkeep

__all__ = [
    "FetchedPackage",
    "GitAddress",
    "GitRepository",
    "Wanted",
    "check_git",
    "complete",
    "discard",
    "drop_newest_torn",
    "fetch_package",
    "is_crowded",
    "local_package",
    "open_hosted",
    "open_remote",
    "refs_at_rest",
    "restore",
    "sync_to_disk",
    "upkeep",
    "write_snapshot",
]

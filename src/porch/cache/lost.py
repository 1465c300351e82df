"""What requests wanted to put on package revisions, when their push was not answered and no ref has moved.

Such a request fails. But its remote may still do the push, and a synchronisation then finds the revision; git does not
know the labels, annotations and finalizers that belong to it. They are remembered here, and given to a revision of that
name only if it shows just the commit and the lifecycle that were pushed: somebody else's has another commit. The memory
of a revision ends with the next change that is acknowledged to anybody, and with the month for which metadata without
a revision is kept. Each Repository has one, of limited size, beside the metadata of its revisions.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

import msgspec

from porch.cache.metadata import UserMetadata
from porch.errors import ServiceUnavailable
from porch.keys import RepositoryKey
from porch.repository import Discovered
from porch.store import Reads, Transaction
from porch.types.base import Part

_MOST_BYTES = 512 * 1024


class Lost(Part):
    """The first four fields say which state of which revision the metadata are for."""

    path: str
    workspace: str
    commit: str
    lifecycle: str
    metadata: UserMetadata

    @classmethod
    def of(cls, found: Discovered, metadata: UserMetadata) -> Lost:
        return cls(
            path=found.path,
            workspace=found.workspace,
            commit=found.commit,
            lifecycle=found.lifecycle,
            metadata=metadata,
        )

    def is_for(self, found: Discovered) -> bool:
        return self == Lost.of(found, self.metadata)


class _Memory(Part):
    lost: list[Lost]


def remember(tx: Transaction, repository: RepositoryKey, lost: Sequence[Lost]) -> None:
    """The oldest give way when there are too many."""
    if lost:
        _write(tx, repository, [*(item for item in recall(tx, repository) if item not in lost), *lost])


def recall(tx: Reads, repository: RepositoryKey) -> Sequence[Lost]:
    text = tx.revisions.user_metadata(repository.namespace, _key(repository))
    try:
        return msgspec.json.decode(text, type=_Memory).lost if text else ()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ServiceUnavailable.damaged("the metadata of a package revision in the database") from error


def forget(tx: Transaction, repository: RepositoryKey, changed: Collection[tuple[str, str]]) -> None:
    """Revisions (package path, workspace) were changed: what was wanted before does not count any more."""
    if known := recall(tx, repository):
        kept = [item for item in known if (item.path, item.workspace) not in changed]
        if len(kept) < len(known):
            _write(tx, repository, kept)


def _write(tx: Transaction, repository: RepositoryKey, lost: Sequence[Lost]) -> None:
    namespace, name = repository.namespace, _key(repository)
    text = msgspec.json.encode(_Memory(lost=list(lost)))
    while len(text) > _MOST_BYTES:
        lost = lost[1:]
        text = msgspec.json.encode(_Memory(lost=list(lost)))
    tx.revisions.put_user_metadata(namespace, name, text if lost else None)
    tx.revisions.set_vanished(namespace, [name], int(time.time()))


def _key(repository: RepositoryKey) -> str:
    """No revision has this name: a workspace is not empty."""
    return f"{repository.name}."

"""A repository that lives here: the mirror is the repository, and a push is a compare-and-swap of its refs.

Other processes serve it to git users and move refs too, under git's own locks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from porch.repository.git.address import GitAddress
from porch.repository.git.mirror import Mirror
from porch.repository.git.moves import move_refs
from porch.repository.git.repository import GitRepository
from porch.repository.interface import PushReport
from porch.store import RefMove
from porch.workers import WorkerPool


class HostedOrigin:
    sends_objects = False

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def push(self, moves: Sequence[RefMove], pack: bytes) -> PushReport:  # noqa: ARG002 - the objects are here already
        if move_refs(self._mirror, moves):
            return PushReport(accepted=True)
        return PushReport(accepted=False, text="a ref could not be moved")

    def read_refs(self, refs: Sequence[str]) -> dict[str, str]:
        return {ref: target for ref in refs if (target := self._mirror.ref(ref))}

    def list_refs(self) -> dict[str, str] | None:
        """Nobody is asked: discovery reads the repository itself."""
        return None

    def check(self) -> None:
        """It is here."""

    def fetch(self, into: str = "") -> None:
        """Nothing is newer than the repository itself."""

    def close(self) -> None:
        """Nothing is open."""


def open_hosted(
    path: str,
    address: GitAddress,
    workers: WorkerPool,
    *,
    mirror_id: str,
    location: str,
    clock: Callable[[], float] = time.time,
) -> GitRepository:
    """Opens the hosted repository at `path`, made with its branch if need be."""
    mirror = Mirror.prepare(path)
    repository = GitRepository(
        address, mirror, HostedOrigin(mirror), workers, mirror_id=mirror_id, location=location, clock=clock
    )
    repository.refresh()
    return repository

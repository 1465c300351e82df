"""What the webhook endpoint is given: the secret of a Repository, and whom to tell of a push."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from porch.keys import RepositoryKey

SECRET_ANNOTATION = "porch.kpt.dev/webhook-secret"  # noqa: S105 - names only
"""On a Repository: the name of the Secret, in its namespace, that deliveries are signed with."""
SECRET_KEY = "token"  # noqa: S105
"""The key of that Secret that holds the words."""


class Hooks(Protocol):
    def secret(self, key: RepositoryKey) -> bytes:
        """What deliveries for a Repository are signed with; empty when it takes none, or there is no such Repository.
        Called on threads.
        """
        ...

    def pushed(self, key: RepositoryKey) -> None:
        """Has the Repository looked at now. Called on the event loop; must not wait."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """`body_bytes` is the most that GitHub sends. A client may send nothing for `idle_seconds`, and take `seconds` in
    all. `deliveries` counts those that are read at once. An address that fails to sign `failures` times has to wait
    `pause_seconds` for each further attempt.
    """

    body_bytes: int = 25 * 1024 * 1024
    idle_seconds: float = 10.0
    seconds: float = 60.0
    deliveries: int = 16
    failures: int = 20
    pause_seconds: float = 1.0

"""What the git server is given: where hosted repositories lie, and how a push meets the server's own writes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Hosted:
    """A hosted repository, and what the rules of pushing need to know about it.

    `branches` and `directories` are those of the Repository objects that live in it: short branch names, and
    directories without outer slashes (empty for the whole repository).
    """

    path: Path
    branches: frozenset[str] = frozenset({"main"})
    directories: frozenset[str] = frozenset({""})


class HostedRepositories(Protocol):
    """Called on threads of the git server, never on its event loop."""

    def locate(self, namespace: str, name: str) -> Hosted | None:
        """The repository behind `hosted:///NAME` in a namespace; None when there is none."""
        ...

    def locked(self, namespace: str, name: str) -> AbstractContextManager[None]:
        """Keeps the server's own moves of refs out while git moves some. Entered and left on one thread, for as long
        as git needs to check a pack that is already here. Raises TooManyRequests when it cannot be had in time.
        """
        ...

    def pushed(self, namespace: str, name: str) -> None:
        """Refs may have moved: bring the index up to date and tell watchers, before the git user gets an answer.
        Called without the lock.
        """
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` bounds the receiving of a body and the sending of a fetch, `locked_seconds` git's work on a push, while
    the server's own writes wait. `idle_seconds` is how long a client may send nothing of a body. `requests` counts
    those running at once; the rest is answered 429.
    """

    push_bytes: int = 256 * 1024 * 1024
    fetch_bytes: int = 16 * 1024 * 1024
    seconds: float = 600.0
    locked_seconds: float = 120.0
    idle_seconds: float = 30.0
    requests: int = 8

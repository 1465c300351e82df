"""The few names that all cases use, and what the server has told so far.

Names are few, so that cases meet each other's objects and nothing grows without end. Addresses of repositories are
hosted ones or closed ports of this machine: no case makes the server talk to anybody.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from random import Random

NAMESPACES = ["fuzz-0", "fuzz-1", "fuzz-2", "default"]
DOOMED = ["fuzz-0", "spare-1", "spare-2"]
"""The names that cases create and delete namespaces by: a deleted one takes its objects along, most shall stay."""
REPOSITORIES = ["blue", "green", "dead"]
ADDRESSES = ["hosted:///blue", "hosted:///green", "http://127.0.0.1:1/dead.git", "ssh://git@127.0.0.1:1/dead.git"]
PACKAGES = ["app", "team/db", "team/web", "big"]
WORKSPACES = ["v1", "v2", "main"]
NAMES = ["one", "two", "three", "four"]
REVISIONS = [
    f"{repository}.{package.replace('/', '.')}.{workspace}"
    for repository in REPOSITORIES[:2]
    for package in PACKAGES
    for workspace in WORKSPACES[:2]
]
TOKENS = {"fuzz-admin": "system:masters", "fuzz-nobody": "people"}
"""Static tokens and the group of each owner."""


def namespace(draw: Random, *, doomed: bool = False) -> str:
    return draw.choice(DOOMED if doomed else NAMESPACES)


def revision(draw: Random) -> str:
    """A package revision's name, sometimes in its dashed form."""
    name = draw.choice(REVISIONS)
    return name.replace(".", "-") if draw.random() < 0.2 else name


@dataclass
class Seen:
    """What answers told, for cases that go on from there. The newest few of each."""

    objects: dict[str, deque[tuple[str, bytes]]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=16)))
    """By plural name: the path and the JSON of objects that were answered."""
    versions: deque[str] = field(default_factory=lambda: deque(maxlen=64))
    tokens: deque[str] = field(default_factory=lambda: deque(maxlen=64))
    uids: deque[str] = field(default_factory=lambda: deque(maxlen=64))

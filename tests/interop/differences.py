"""Where our answers differ from upstream's for the same repositories, and no other place.

Each difference has a title, a row of docs/interoperability.md. It says in which field it is, in which objects, and
what stands there instead; a test finds all differences and compares.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Json = Any
Path = tuple[str, ...]
ABSENT = object()
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ID = re.compile(r"[0-9a-f]{40}")
_SCOPED = ("scoped", "scoped-rel")
_RAW = b"\xff\xfe\x00\x01raw"


@dataclass(frozen=True)
class Difference:
    """`fits` gets the object as upstream tells it, and the field's value there and here; `where` tells which objects
    differ. A field is below `path`.
    """

    title: str
    path: Path
    fits: Callable[[Json, Any, Any], bool]
    where: Callable[[Json], bool] = lambda _: True


def _number(_: Json, theirs: Any, ours: Any) -> bool:
    return str(ours).isdecimal()


def _time(_: Json, theirs: Any, ours: Any) -> bool:
    return bool(_TIME.fullmatch(ours))


def _earlier(_: Json, theirs: Any, ours: Any) -> bool:
    return bool(_TIME.fullmatch(ours)) and ours < theirs


def _with_directory(_: Json, theirs: Any, ours: Any) -> bool:
    return bool(ours == f"teams/alpha/{theirs}")


def _whole_path(obj: Json, theirs: Any, ours: Any) -> bool:
    repository = obj["spec"]["repository"]
    return bool(ours.endswith(f"/{theirs}") and obj["metadata"]["name"] == f"{repository}.{ours.replace('/', '.')}")


def _has_raw_file(obj: Json) -> bool:
    return "raw.bin" in obj["spec"]["resources"]


def _is_nested(obj: Json) -> bool:
    return str(obj["metadata"]["name"]).count(".") > 1


_BROUGHT_EARLIER = frozenset(
    (
        "catalog.base.main",
        "catalog.fn.piped.main",
        "catalog.gone.main",
        "catalog.half.main",
        "catalog.net.core.amf.main",
        "edge.site1.base.main",
        "edge.web.main",
        "scoped.db.pg.main",
    )
)
"""Packages on a branch whose head is about another package."""


VERSIONS = Difference("resourceVersion", ("metadata", "resourceVersion"), _number)
BORN = Difference("creationTimestamp", ("metadata", "creationTimestamp"), _earlier)
REVISIONS = (
    VERSIONS,
    BORN,
    Difference(
        "selfLock.git.directory",
        ("status", "selfLock", "git", "directory"),
        _with_directory,
        lambda obj: obj["spec"]["repository"] in _SCOPED,
    ),
    Difference(
        "selfLock.git.commit on the branch",
        ("status", "selfLock", "git", "commit"),
        lambda _, theirs, ours: bool(_ID.fullmatch(ours)),
        lambda obj: obj["metadata"]["name"] in _BROUGHT_EARLIER,
    ),
)
RESOURCES = (
    VERSIONS,
    BORN,
    Difference(
        "files that are not UTF-8",
        ("spec", "resources", "raw.bin"),
        lambda _, theirs, ours: theirs == _RAW.decode("utf-8", "replace") and ours is ABSENT,
        _has_raw_file,
    ),
    Difference(
        "files that are not UTF-8",
        ("spec", "binaryResources", "raw.bin"),
        lambda _, theirs, ours: theirs is ABSENT and base64.b64decode(ours) == _RAW,
        _has_raw_file,
    ),
)
PACKAGES = (
    VERSIONS,
    BORN,
    Difference("packageName of packages", ("spec", "packageName"), _whole_path, _is_nested),
)
REPOSITORIES = (
    Difference("managedFields", ("metadata", "managedFields"), lambda _, theirs, ours: ours is ABSENT),
    VERSIONS,
    Difference("what is new with each registration", ("metadata", "uid"), lambda _, theirs, ours: len(ours) == 36),
    Difference("what is new with each registration", ("metadata", "creationTimestamp"), _time),
    Difference("what is new with each registration", ("status", "conditions"), _time),
    Difference("what is new with each registration", ("status", "lastFullSyncTime"), _time),
    Difference("what is new with each registration", ("status", "nextFullSyncTime"), _time),
)
ALL = {difference.title for group in (REVISIONS, RESOURCES, PACKAGES, REPOSITORIES) for difference in group}


def flat(value: Json, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The leaves of a JSON value. Empty maps and lists are leaves."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not items or not isinstance(value, dict | list):
        yield path, value
    for key, item in items:
        yield from flat(item, (*path, str(key)))


def unexplained(theirs: Json, ours: Json, known: tuple[Difference, ...]) -> list[str]:
    """What differs in one object without being a known difference, and known differences that are not there."""
    left, right = dict(flat(theirs)), dict(flat(ours))
    differing = {path for path in left.keys() | right.keys() if left.get(path, ABSENT) != right.get(path, ABSENT)}
    found, problems = set(), []
    for path in sorted(differing):
        values = left.get(path, ABSENT), right.get(path, ABSENT)
        explained = {item for item in known if path[: len(item.path)] == item.path and item.fits(theirs, *values)}
        found |= explained
        if not explained:
            problems.append(f"{'/'.join(path)}: {values[0]!r} there, {values[1]!r} here")
    absent = (item for item in known if item.where(theirs) != (item in found))
    return problems + [f"{item.title}: {'not there' if item.where(theirs) else 'not expected'}" for item in absent]

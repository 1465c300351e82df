"""Which paths a package may hold: those that are the same file for every git, on every file system.

`path_problem` judges one path, `collisions` a whole set. Texts are for people; the caller names the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

MAX_PATH, MAX_SEGMENT, MAX_DEPTH = 4096, 255, 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Characters that HFS+ leaves out when it compares names: `.g\u200cit` is `.git` there.
_IGNORED = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF],
)
# What Windows takes for `.git`: its short name, and names with trailing dots and spaces or a stream.
_GIT_NAMES = re.compile(r"(\.git|git~[0-9]+)[ .]*(:.*)?", re.IGNORECASE | re.DOTALL)


_RULES: tuple[tuple[Callable[[str], object], str], ...] = (
    (lambda path: not path, "the path must not be empty"),
    (lambda path: len(path.encode()) > MAX_PATH, f"the path must not be longer than {MAX_PATH} bytes"),
    (lambda path: path[0] == "/", "the path must be relative to the package, without a leading '/'"),
    (lambda path: "\\" in path, "the path must not contain '\\'; separate directories by '/'"),
    (_CONTROL.search, "the path must not contain control characters"),
    (lambda path: path.count("/") >= MAX_DEPTH, f"the path must not be deeper than {MAX_DEPTH} directories"),
)


def path_problem(path: str) -> str | None:
    """Why a file of a package cannot have this path; None when it can."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return "the path must be valid Unicode text"
    whole = next((text for broken, text in _RULES if broken(path)), None)
    return whole or next(filter(None, map(_segment_problem, path.split("/"))), None)


def _segment_problem(segment: str) -> str | None:
    if not segment:
        return "the path must not contain empty segments ('//' or a trailing '/')"
    if segment in {".", ".."}:
        return f"the path must not contain '{segment}' segments"
    if len(segment.encode()) > MAX_SEGMENT:
        return f"a segment of the path must not be longer than {MAX_SEGMENT} bytes"
    if _GIT_NAMES.fullmatch(segment.translate(_IGNORED)):
        return "the path must not contain a segment that some file system reads as '.git'"
    return None


def collisions(paths: Iterable[str], known: AbstractSet[str] = frozenset()) -> dict[str, str]:
    """Paths that cannot be beside others, each with the reason. Clashes among `known` files are left as they are."""
    ordered = sorted(paths)
    files = set(ordered)
    spellings: dict[str, str] = {}
    problems: dict[str, str] = {}
    for path in ordered:
        for parent in _parents(path):
            if parent in files:
                problems[path] = f"{parent!r} cannot be a file and a directory at once"
        for prefix in (*_parents(path), path):
            first = spellings.setdefault(prefix.casefold(), prefix)
            if first != prefix and not (path in known and any(_is_below(file, first) for file in known)):
                problems.setdefault(path, f"it differs from {first!r} in letter case only")
    return problems


def _parents(path: str) -> list[str]:
    segments = path.split("/")
    return ["/".join(segments[:count]) for count in range(1, len(segments))]


def _is_below(file: str, prefix: str) -> bool:
    return file == prefix or file.startswith(f"{prefix}/")

"""Which file paths a package may have. Paths come from users and end in git trees and in people's working copies, on
any file system: so every spelling of `.git` that some file system takes for it is refused, not just ours. What a
package has already, because somebody pushed it, is left as it is: callers ask about what is new.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

MAX_PATH, MAX_SEGMENT, MAX_DEPTH = 4096, 255, 100
# Code points that HFS+ leaves out when it compares names (git refuses the same ones).
_IGNORED_BY_HFS = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])
# What Windows takes for `.git`: its short names, and names with trailing dots and blanks or a stream.
_GIT_NAMES = re.compile(r"(\.git|git~[0-9]+)[ .]*(:.*)?", re.DOTALL)


def path_problem(path: str) -> str | None:
    """Why `path`, relative to the package root, may not be a file; None when it may."""
    return _text_problem(path) or next((problem for problem in map(_segment_problem, path.split("/")) if problem), None)


def _text_problem(path: str) -> str | None:
    categories = {unicodedata.category(character) for character in path[: MAX_PATH + 1]}
    for wrong, problem in (
        (not path, "the path must not be empty"),
        ("Cs" in categories, "the path must be valid Unicode; it holds half a surrogate pair"),
        ("Cc" in categories, "the path must not contain control characters"),
        (len(path) > MAX_PATH or _size(path) > MAX_PATH, f"the path must be no longer than {MAX_PATH} bytes"),
        ("\\" in path, "the path must not contain '\\'; segments are separated by '/'"),
        (path.startswith("/"), "the path must be relative to the package, without a leading '/'"),
        (path.count("/") >= MAX_DEPTH, f"the path must be no deeper than {MAX_DEPTH} directories"),
    ):
        if wrong:
            return problem
    return None


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _segment_problem(segment: str) -> str | None:
    if not segment:
        return "the path must name a file and have no empty segments ('//' or a trailing '/')"
    if segment in {".", ".."}:
        return f"the path must stay inside the package; '{segment}' segments are not allowed"
    if _size(segment) > MAX_SEGMENT:
        return f"each segment of the path must be no longer than {MAX_SEGMENT} bytes"
    if _GIT_NAMES.fullmatch(segment.translate(_IGNORED_BY_HFS).casefold()):
        return f"'{segment}' is a name that git keeps for itself"
    return None


def collisions(paths: Iterable[str], known: AbstractSet[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Paths that cannot stand beside another one, each with the reason. Spellings that `known` files have already may
    go on side by side.
    """
    files = sorted(paths, key=lambda path: (path not in known, path))  # of two, the new one is wrong
    taken = set(files)
    spelled = {prefix for path in known for prefix in _prefixes(path)}
    spellings: dict[str, str] = {}
    for path in files:
        if blocked := next((parent for parent in _prefixes(path)[:-1] if parent in taken), None):
            yield path, f"'{printable(blocked)}' is a file already, so it cannot be a directory"
        elif other := _other_spelling(_prefixes(path), spellings, spelled):
            yield path, f"differs from '{printable(other)}' only in letter case; many file systems cannot hold both"


def _other_spelling(prefixes: Iterable[str], spellings: dict[str, str], known: AbstractSet[str]) -> str | None:
    for prefix in prefixes:
        first = spellings.setdefault(unicodedata.normalize("NFC", prefix).casefold(), prefix)
        if first != prefix and not {first, prefix} <= known:
            return first
    return None


def _prefixes(path: str) -> list[str]:
    """The directories above it, outermost first, then the path itself."""
    return [*(path[:place] for place, character in enumerate(path) if character == "/"), path]


def printable(path: str) -> str:
    """A path that git has, fit for a message: its bytes may be no UTF-8."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

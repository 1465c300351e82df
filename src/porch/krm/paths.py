"""Which file paths a package may have. Paths come from users and end in git trees and in people's working copies, on
any file system: so every spelling of `.git` that some file system takes for it is refused, not just ours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

MAX_PATH = 4096
MAX_SEGMENT = 255
# Code points that HFS+ leaves out when it compares names (git refuses the same ones).
_IGNORED_BY_HFS = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])


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
    if _is_dot_git(segment):
        return f"'{segment}' is a name that git keeps for itself"
    return None


def _is_dot_git(segment: str) -> bool:
    """`.git` as HFS+ (ignored code points) or NTFS (short name, trailing dots and blanks, streams) would read it."""
    visible = segment.translate(_IGNORED_BY_HFS).casefold()
    return visible.partition(":")[0].rstrip(" .") in {".git", "git~1"}


def collisions(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Paths that cannot stand beside another one, each with the reason."""
    files = sorted(paths)
    known = set(files)
    spellings: dict[str, str] = {}
    for path in files:
        parents = (path[:place] for place, character in enumerate(path) if character == "/")
        if blocked := next((parent for parent in parents if parent in known), None):
            yield path, f"'{blocked}' is a file already, so it cannot be a directory"
        other = spellings.setdefault(unicodedata.normalize("NFC", path).casefold(), path)
        if other != path:
            yield path, f"differs from '{other}' only in letter case; many file systems cannot hold both"

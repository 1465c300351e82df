"""Git's rules for the names of refs, as `git check-ref-format` knows them."""

from __future__ import annotations

_FORBIDDEN = frozenset(" ~^:?*[\\")
_MAX_BYTES = 200  # a ref is a file beside its lock file, and both have a prefix


def ref_name_problem(name: str) -> str:
    """Why git would refuse the name of a branch or a part of one; empty when it would not."""
    if len(name.encode(errors="replace")) > _MAX_BYTES:
        return f"must be no more than {_MAX_BYTES} bytes"
    if any(character in _FORBIDDEN or character < " " or character == "\x7f" for character in name):
        return "must not contain spaces, control characters or any of ~ ^ : ? * [ \\"
    if ".." in name or "@{" in name or name == "@":
        return "must not contain '..' or '@{', nor be '@'"
    if name.startswith("-") or name.endswith("."):
        return "must not start with '-' or end with '.'"
    return next((problem for segment in name.split("/") if (problem := _segment_problem(segment))), "")


def _segment_problem(segment: str) -> str:
    if not segment:
        return "must not have empty segments: no '//', and no '/' at either end"
    if segment.startswith(".") or segment.endswith(".lock"):
        return "no segment may start with '.' or end with '.lock'"
    return ""

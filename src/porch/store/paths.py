"""Questions about `/`-separated paths, as an index can answer them. Shared by the adapters.

What is below `a/b` sorts between `a/b/` and `a/b0`, since `0` follows `/`; what is above it are its few prefixes.
"""

from __future__ import annotations

_LAST = "\U0010ffff"  # sorts behind every path


def above(path: str) -> list[str]:
    """The paths of which `path` is a part, the root (empty) among them."""
    segments = path.split("/")
    prefixes = ["/".join(segments[:count]) for count in range(1, len(segments))]
    return ["", *prefixes] if path else prefixes


def below(path: str) -> tuple[str, str]:
    """What is below `path` sorts between these two."""
    return (f"{path}/", f"{path}0") if path else ("", _LAST)


def of_repository(name: str) -> tuple[str, str]:
    """The dotted names of a Repository's package revisions sort between these two: its own name has no dot."""
    return f"{name}.", f"{name}/"

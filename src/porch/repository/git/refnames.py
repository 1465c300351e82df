"""Names of refs: where the revisions of a package are kept, and what a ref's name says.

`full_path` is the package's path with the repository's directory in front. Names are composed here and nowhere else.
"""

from __future__ import annotations

import re

from porch.types.packagerevision import DRAFT, PROPOSED

HEADS, TAGS = "refs/heads/", "refs/tags/"
DRAFTS, PROPOSALS, MARKERS = f"{HEADS}drafts/", f"{HEADS}proposed/", f"{HEADS}deletionProposed/"
BRANCH_REVISION = -1
_PREFIXES = {DRAFT: DRAFTS, PROPOSED: PROPOSALS}
_UNFIT = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|\Z)|\A[./-]|[./]\Z|\A@\Z")
_UNNAMEABLE = re.compile("[^a-z0-9-]+")
_INTEGER = re.compile(r"v?([+-]?[0-9]{1,18})")


def name_problem(name: str) -> str | None:
    """Why git cannot have a branch or ref of this name; None when it can."""
    if not name:
        return "it must not be empty"
    return "it is no valid git ref name" if _UNFIT.search(name) else None


def branch_ref(branch: str) -> str:
    return HEADS + branch


def branch_workspace(branch: str) -> str:
    """The workspace of the revisions that a branch shows: its name, as far as that can stand in an object's name.
    `release/V3.0` becomes `release-v3.0`.
    """
    pieces = (_UNNAMEABLE.sub("-", piece).strip("-") for piece in branch.lower().split("."))
    return ".".join(filter(None, pieces)) or "branch"


def draft_ref(lifecycle: str, full_path: str, workspace: str) -> str:
    """The branch of a Draft or Proposed revision. Raises KeyError for other lifecycles."""
    return f"{_PREFIXES[lifecycle]}{full_path}/{workspace}"


def tag_ref(full_path: str, number: int) -> str:
    """The tag of a published revision."""
    return f"{TAGS}{full_path}/v{number}"


def marker_ref(full_path: str, revision: int, workspace: str) -> str:
    """The branch that says that a published revision shall go."""
    return MARKERS + marker_name(full_path, revision, workspace)


def marker_name(full_path: str, revision: int, workspace: str) -> str:
    """What follows `deletionProposed/` for a revision."""
    return f"{full_path}/v{revision}" if revision > 0 else f"{full_path}/{workspace}"


def revision_number(text: str) -> int:
    """`v3` and `3` are 3; whatever is no integer of 64 bits, or negative, is -1: not numbered by Porch."""
    match = _INTEGER.fullmatch(text)
    return max(int(match[1]), BRANCH_REVISION) if match else BRANCH_REVISION


def split_name(rest: str) -> tuple[str, str] | None:
    """Full path and last segment of what follows a prefix; None when there is no path."""
    path, slash, name = rest.rpartition("/")
    return (path, name) if slash and path and name else None


def within(full_path: str, directory: str) -> bool:
    """Whether a package lies in a directory, by whole segments. The empty directory holds everything."""
    return not directory or full_path == directory or full_path.startswith(f"{directory}/")


def package_path(full_path: str, directory: str) -> str:
    """The path relative to the directory; empty for the directory itself."""
    return full_path if not directory else full_path[len(directory) + 1 :]

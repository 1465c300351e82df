"""Which refs a push may move: the same rules as the API's, one pure function.

Drafts and proposals are edited with `update packagerevisions`. What is published (a registered branch, tags, deletion
marks) needs `update packagerevisions/approval`; tags never move and a registered branch is never taken away. That it
only goes forward is checked by git itself, which alone has the new commits.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from porch.gitserver.interface import Hosted
from porch.gitserver.pktline import Command
from porch.keys import directory_problems, label_problems

EDIT = "packagerevisions"
APPROVE = "packagerevisions/approval"
_WORKING = ("drafts", "proposed")
_DELETION = "deletionProposed"
_REVISION_TAG = re.compile(r"v?0+")


def refusal(command: Command, facts: Hosted, may: Callable[[str], bool]) -> str | None:
    """Why this command is refused, on one line for the git user; None when it is not.

    `may` says whether the caller has the verb `update` on EDIT or APPROVE in the repository's namespace.
    """
    kind, _, name = command.ref.removeprefix("refs/").partition("/")
    if not command.ref.startswith("refs/") or kind not in {"heads", "tags"} or not name:
        return "only branches and tags can be pushed here"
    needed, problem = _of_tag(command, name) if kind == "tags" else _of_branch(command, name, facts)
    if not may(needed):
        return f"you may not update {needed} in this namespace"
    return problem


def _of_tag(command: Command, name: str) -> tuple[str, str | None]:
    if not command.creates:
        return APPROVE, "a tag never moves or goes away; publish a new revision instead"
    path, _, revision = name.rpartition("/")
    if path and _REVISION_TAG.fullmatch(revision):
        return APPROVE, "revisions are numbered from v1"
    return APPROVE, None


def _of_branch(command: Command, name: str, facts: Hosted) -> tuple[str, str | None]:
    prefix, _, rest = name.partition("/")
    if name in facts.branches:
        return APPROVE, "the branch of a registered Repository cannot be deleted" if command.deletes else None
    if prefix == _DELETION and rest:
        return APPROVE, None
    if command.deletes:
        return EDIT, None
    if prefix in _WORKING and rest:
        return EDIT, _draft_problem(prefix, rest, facts)
    return EDIT, _obstructs(name, facts)


def _draft_problem(prefix: str, rest: str, facts: Hosted) -> str | None:
    full_path, _, workspace = rest.rpartition("/")
    if not full_path:
        return f"the name lacks a workspace: it must be {prefix}/PACKAGE/WORKSPACE"
    if problems := label_problems(workspace):
        return f'workspace "{workspace}": {"; ".join(problems)}'
    inside = [directory for directory in facts.directories if _below(full_path, directory)]
    if not inside:
        where = ", ".join(sorted(facts.directories))
        return f'package "{full_path}" is outside of the directories of the registered Repositories: {where}'
    directory = max(inside, key=len)
    package = full_path[len(directory) :].lstrip("/") if directory else full_path
    if problems := directory_problems(package, mandatory=True) + label_problems(package.rpartition("/")[2]):
        return f'package "{package}": {"; ".join(dict.fromkeys(problems))}'
    return None


def _below(path: str, directory: str) -> bool:
    return not directory or path.startswith(f"{directory}/")


def _obstructs(name: str, facts: Hosted) -> str | None:
    """Git cannot have both `a` and `a/b`: a branch must not take the place of those that Porch makes."""
    for taken in (*_WORKING, _DELETION, *sorted(facts.branches)):
        if name == taken or name.startswith(f"{taken}/") or taken.startswith(f"{name}/"):
            return f'the name stands in the way of "{taken}"; choose another one'
    return None

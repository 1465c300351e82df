"""The rules, each with its sentence, and what breaks them. docs/interoperability.md lists the same."""

from __future__ import annotations

from dataclasses import dataclass

RULES = {
    "fsck": "`git fsck --strict` has nothing to say.",
    "family": "Refs are the branch, `drafts/`, `proposed/`, `deletionProposed/` and tags `PATH/vN`.",
    "lightweight": "Tags are lightweight.",
    "approval-tag": "A tag `PATH/vN` is on the commit that approves revision N of that package.",
    "on-the-branch": "Every tagged commit is the branch's head or an ancestor of it.",
    "one-tag": "A package has one tag for a number, and one for a workspace.",
    "base-branch": "A draft is in `drafts/` or in `proposed/`, never in both, and in neither once it is published.",
    "draft-head": "The head of a draft's branch is a commit of that package and workspace, on top of the branch.",
    "marker": "A marker in `deletionProposed/` stands beside its tag, on the tagged commit, or beside its package.",
    "committer": "Commits with an annotation are committed by Porch, with an author, both at the same time.",
    "headers": "Commits have a tree, parents, author and committer, and nothing else.",
    "subject": "Subjects are those that upstream writes, for drafts three newlines before the annotation, else two.",
    "annotation": "A commit has one annotation: compact JSON, keys in upstream's order, `<`, `>` and `&` escaped.",
    "first-task": "A draft's first commit has the task that made it: init, clone, edit or upgrade.",
    "approval-parents": "An approval's parents are the branch before it and the head of the draft.",
    "approval-tree": "An approval's tree is the branch's with the package of the draft in it.",
    "draft-tree": "A draft's commit changes its package and nothing else.",
    "deletion": "A deletion from the branch takes the package out and nothing else, and says `Delete PATH`.",
    "first-commit": "The branch's first commit has `README.md` and is by Porch alone.",
    "mode": "Files are 100644, unless they had another mode before.",
    "kptfile": "There is a Kptfile at the root of every package.",
    "moved": "No tag moves, and the branch only goes forward.",
}


@dataclass(frozen=True, order=True)
class Finding:
    """`place` is a ref, or the subject of a commit."""

    rule: str
    place: str
    why: str = ""

    def __post_init__(self) -> None:
        assert self.rule in RULES

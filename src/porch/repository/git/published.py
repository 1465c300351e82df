"""What happens to revisions that are, or shall be, published: the commits and the moves of refs.

A proposal is published by a commit on the repository's branch that has the package as it was proposed, and by a tag on
that commit. The commit's second parent is the proposal, so its history stays. Nothing is sent here: the results are
plans, and whoever loses a race makes the plan again on the new head of the branch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from porch.errors import BadRequest, Conflict, NotFound
from porch.repository.git.address import PORCH
from porch.repository.git.annotations import approval_message, deletion_message
from porch.repository.git.mirror import Mirror
from porch.repository.git.objects import COMMIT, NewObjects, Signature, encode_commit
from porch.repository.git.refnames import (
    BRANCH_REVISION,
    TAGS,
    branch_ref,
    branch_workspace,
    marker_ref,
    revision_number,
    tag_ref,
)
from porch.repository.git.times import timestamp
from porch.repository.git.trees import remove_directory, replace_directory
from porch.repository.interface import Author, Discovered
from porch.store import RefMove
from porch.types.packagerevision import DELETION_PROPOSED, PROPOSED, PUBLISHED


@dataclass(frozen=True, slots=True)
class Step:
    """Moves of refs, the objects that they need, and what they will show."""

    moves: tuple[RefMove, ...]
    objects: NewObjects = field(default_factory=NewObjects)
    found: tuple[Discovered, ...] = ()


@dataclass(frozen=True, slots=True)
class Press:
    """Publishes, marks and deletes revisions of one repository."""

    mirror: Mirror
    branch: str
    clock: Callable[[], float]

    def publish(self, current: Discovered, number: int, author: Author, head: str) -> Step:
        if current.lifecycle != PROPOSED:
            raise BadRequest(f'cannot publish a package revision with lifecycle "{current.lifecycle}"')
        objects, by = NewObjects(), self._signature(author)
        root = self.mirror.commit(head).tree if head else ""
        tree = replace_directory(self.mirror, objects, root, current.full_path, current.tree)
        parents = [head, current.commit] if head else [current.commit]
        message = approval_message(current.full_path, current.workspace, number)
        commit = self._commit(objects, tree, parents, by, message)
        tag = tag_ref(current.full_path, number)
        moves = (
            RefMove(branch_ref(self.branch), head, commit),
            RefMove(tag, "", commit),
            RefMove(current.ref, current.commit, ""),
        )
        published = replace(
            current,
            revision=number,
            lifecycle=self._lifecycle(current.full_path, number, current.workspace),
            ref=tag,
            commit=commit,
            published_by=author.email,
            published_at=timestamp(by.seconds),
        )
        return Step(moves, objects, (published, *self._on_branch(published)))

    def _on_branch(self, published: Discovered) -> tuple[Discovered, ...]:
        """The package as the branch shows it now. A branch named like a number shows the published revisions again."""
        if revision_number(self.branch) != BRANCH_REVISION:
            return ()
        workspace = branch_workspace(self.branch)
        shown = replace(
            published,
            workspace=workspace,
            revision=BRANCH_REVISION,
            lifecycle=self._lifecycle(published.full_path, BRANCH_REVISION, workspace),
            ref=branch_ref(self.branch),
            created_at=published.published_at or "",
            task=None,
        )
        return (shown,)

    def _lifecycle(self, full_path: str, revision: int, workspace: str) -> str:
        """A mark may have been left there, and then it counts."""
        marked = self.mirror.ref(marker_ref(full_path, revision, workspace))
        return DELETION_PROPOSED if marked else PUBLISHED

    def mark(self, current: Discovered, lifecycle: str) -> Step:
        ref = marker_ref(current.full_path, current.revision, current.workspace)
        marked = self.mirror.ref(ref) or ""
        target = current.commit if lifecycle == DELETION_PROPOSED else ""
        moves = () if marked == target else (RefMove(ref, marked, target),)
        return Step(moves, found=(replace(current, lifecycle=lifecycle),))

    def delete(self, current: Discovered, author: Author, head: str) -> Step:
        if current.lifecycle not in {PUBLISHED, DELETION_PROPOSED}:
            return Step((RefMove(current.ref, current.commit, ""),))
        if current.ref == branch_ref(self.branch):
            step = self._take_off_branch(current, author, head)
        else:
            step = Step((self._untag(current),))
        mark = marker_ref(current.full_path, current.revision, current.workspace)
        if marked := self.mirror.ref(mark):
            return replace(step, moves=(*step.moves, RefMove(mark, marked, "")))
        return step

    def _untag(self, current: Discovered) -> RefMove:
        own = tag_ref(current.full_path, current.revision) if current.revision > 0 else current.ref
        if current.ref != own or not own.startswith(TAGS):
            why = "cannot delete package tagged with a tag that is not specific to the package"
            raise Conflict(f"{why}: {current.ref}; delete that tag with git, or rename it to {own}")
        target = self.mirror.ref(current.ref) or ""
        if not target or self._peeled(target) != current.commit:
            raise Conflict(f"ref {current.ref!r} has moved: expected {current.commit}, found {target or 'none'}")
        return RefMove(current.ref, target, "")

    def _peeled(self, target: str) -> str:
        try:
            return self.mirror.peel(target)
        except NotFound:
            return ""

    def _take_off_branch(self, current: Discovered, author: Author, head: str) -> Step:
        objects = NewObjects()
        root = self.mirror.commit(head).tree if head else ""
        tree = remove_directory(self.mirror, objects, root, current.full_path)
        if tree == root:
            return Step(())
        message = deletion_message(current.full_path)
        commit = self._commit(objects, tree, [head], self._signature(author), message)
        return Step((RefMove(branch_ref(self.branch), head, commit),), objects)

    def _signature(self, author: Author) -> Signature:
        return Signature(author.name, author.email, int(self.clock()))

    @staticmethod
    def _commit(objects: NewObjects, tree: str, parents: list[str], by: Signature, message: bytes) -> str:
        committer = Signature(PORCH.name, PORCH.email, by.seconds)
        return objects.add(COMMIT, encode_commit(tree, parents, by, committer, message))

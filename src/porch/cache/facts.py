"""What the cache knows of an opened Repository besides its content: plain values that indexing needs."""

from __future__ import annotations

from dataclasses import dataclass

from porch.keys import RepositoryKey, RevisionKey, join_path
from porch.repository.git.refnames import branch_ref, draft_ref
from porch.types.packagerevision import DRAFT


def refs_of(key: RepositoryKey, uid: str) -> str:
    """The key under which the index keeps the refs that the Repository object with this uid last saw."""
    return f"{key}/{uid}"


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """`url` is what locks and users see. `location` is equal for all Repositories of one git repository; `refs_of` is
    the key under which the index keeps the refs that this Repository last saw. `hosted_name` is empty for a remote.
    `dashed` says which of the two spellings of a revision's name is returned; the other one is its alias. `max_refs` is
    how many refs one push may move.
    """

    key: RepositoryKey
    uid: str
    url: str
    location: str
    directory: str
    branch: str
    deployment: bool
    hosted_name: str
    dashed: bool
    max_refs: int

    @property
    def hosted(self) -> bool:
        return bool(self.hosted_name)

    @property
    def refs_of(self) -> str:
        return refs_of(self.key, self.uid)

    @property
    def branch_ref(self) -> str:
        return branch_ref(self.branch)

    def names(self, key: RevisionKey) -> tuple[str, str]:
        """The returned name and its alias."""
        return (key.dashed_name, key.name) if self.dashed else (key.name, key.dashed_name)

    def draft_ref(self, key: RevisionKey) -> str:
        """The branch that a draft of this revision is kept on."""
        return draft_ref(DRAFT, join_path(self.directory, key.package.path), key.workspace)

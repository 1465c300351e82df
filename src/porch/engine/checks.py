"""What the index must allow before a package revision is made: workspace, existing packages, nesting, refs.

Each rule is an indexed query over full paths, on both sides, in all Repositories of the same git repository. They run
twice: early, to answer before work is done, and in the transaction that records the intent, which decides.
"""

from __future__ import annotations

from porch.cache import RepositoryFacts
from porch.errors import AlreadyExists, Conflict, Details
from porch.keys import PACKAGE_REVISIONS, PACKAGES, ObjectKey, RevisionKey, join_path
from porch.store import Reads, Transaction
from porch.types.package import PORCH_PACKAGE

_GROUP, _RESOURCE = PACKAGE_REVISIONS.group, PACKAGE_REVISIONS.resource
_MAKE_PACKAGES = {
    "init": 'package "{}" already exists in repository "{}"',
    "clone": (
        '`clone` cannot create a new revision for package "{}" that already exists in repo "{}"; make subsequent '
        "revisions using `copy`"
    ),
}


def unique_workspace(reads: Reads | Transaction, facts: RepositoryFacts, key: RevisionKey) -> None:
    """Step 4: a workspace is unique within its package, and so is the name that is returned."""
    name, _ = facts.names(key)
    rows = reads.revisions.of_package(key.package.repository, key.package.path)
    if any(row.workspace == key.workspace for row in rows):
        text = (
            f"package revision workspaceNames must be unique; package revision with name {key.package.path} "
            f"in repo {key.package.repository.name} with workspaceName {key.workspace} already exists"
        )
        raise AlreadyExists(text, details=Details(name=name, group=_GROUP, kind=_RESOURCE))
    taken = reads.revisions.get(key.package.repository.namespace, name)
    if taken is not None:
        text = (
            f'{_RESOURCE}.{_GROUP} "{name}" already exists: package "{taken.path}" in repo {taken.repository} with '
            f'workspaceName {taken.workspace} has the name that "{key.package.path}" would have; choose another path'
        )
        raise AlreadyExists(text, details=Details(name=name, group=_GROUP, kind=_RESOURCE))
    if not rows:
        _free_name(reads, key, name)


def _free_name(reads: Reads | Transaction, key: RevisionKey, name: str) -> None:
    """A new package must not have the name of one with another path: git users may have made `a.b`, which is called
    as `a/b` is.
    """
    stored = reads.versions.get(ObjectKey(str(PACKAGES), key.package.repository.namespace, key.package.name))
    if stored is not None:
        path = PORCH_PACKAGE.decode(stored.version, stored.tail).spec.package_name
        text = (
            f'package path "{key.package.path}" conflicts with existing package "{path}": both would be called '
            f"{key.package.name}; choose another path"
        )
        raise Conflict(text, details=Details(name=name, group=_GROUP, kind=_RESOURCE))


def free_path(reads: Reads | Transaction, facts: RepositoryFacts, key: RevisionKey, task: str) -> None:
    """Step 6: a new package lies neither in another one nor around it. `init` and `clone` make new packages only."""
    full_path = join_path(facts.directory, key.package.path)
    name, _ = facts.names(key)
    details = Details(name=name, group=_GROUP, kind=_RESOURCE)
    rows = reads.revisions.overlapping(facts.location, full_path)
    if any(row.full_path == full_path for row in rows):
        if task in _MAKE_PACKAGES:
            raise AlreadyExists(
                _MAKE_PACKAGES[task].format(key.package.path, key.package.repository.name), details=details
            )
        return
    for row in rows:
        text = (
            f'package path "{key.package.path}" conflicts with existing package "{row.path}": packages cannot be nested'
        )
        raise Conflict(text, details=details)


def free_ref(reads: Reads | Transaction, facts: RepositoryFacts, key: RevisionKey) -> None:
    """Git keeps refs like files: `drafts/a` and `drafts/a/b` cannot both be. Names the ref that is in the way."""
    ref = facts.draft_ref(key)
    clash = reads.revisions.clashing_ref(facts.refs_of, ref)
    if clash is not None:
        name, _ = facts.names(key)
        text = (
            f"the draft's branch {ref} cannot exist beside {clash}; rename or delete that one, or choose another name"
        )
        raise Conflict(text, details=Details(name=name, group=_GROUP, kind=_RESOURCE))

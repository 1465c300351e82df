"""Discovery: which package revisions the refs of a repository show.

Drafts and proposals are branches, published revisions are tags, and every package on the repository's branch is a
revision of its own; `deletionProposed/` branches mark revisions that shall go. Nothing in git is trusted to be in
order: what cannot be understood is skipped with a warning, and never hides the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from porch.errors import BadRequest, NotFound
from porch.repository.git.history import Histories, History
from porch.repository.git.mirror import Mirror
from porch.repository.git.objects import TreeItem
from porch.repository.git.refnames import (
    DRAFTS,
    MARKERS,
    PROPOSALS,
    TAGS,
    branch_ref,
    branch_workspace,
    marker_name,
    package_path,
    revision_number,
    split_name,
    within,
)
from porch.repository.git.times import timestamp
from porch.repository.interface import Discovered, Snapshot
from porch.types.packagerevision import DELETION_PROPOSED, DRAFT, PROPOSED, PUBLISHED

INLINE_REFS, INLINE_COMMITS = 20, 2000  # what may be read on a thread of the server
_MAX_KPTFILE = 1024 * 1024
_MAX_DEPTH = 64
_histories: dict[str, History] = {}
HISTORIES = Histories(INLINE_COMMITS, 10 * INLINE_COMMITS)


def discover_mirror(path: str, directory: str, branch: str, known: Mapping[str, str]) -> Snapshot:
    """A whole discovery; runs in a worker process, which keeps the last repository's history and nothing else."""
    history = _histories.pop(path, None) or History(Mirror(path))
    _histories.clear()
    _histories[path] = history
    mirror = Mirror(path)
    try:
        return Discovery(mirror, history, directory, branch).run(mirror.refs(), known)
    finally:
        mirror.close()


def changed_refs(refs: Mapping[str, str], known: Mapping[str, str]) -> set[str]:
    """Names of refs that are new, point elsewhere, or are gone."""
    return {name for name, _ in refs.items() ^ known.items()}


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a ref's name says. `name` is its last segment."""

    full_path: str
    name: str


@dataclass(frozen=True, slots=True)
class _Package:
    """A package's directory in a commit."""

    full_path: str
    tree: str
    kptfile: bytes


@dataclass(frozen=True, slots=True)
class _Found:
    """What a ref and its commit say about a package."""

    ref: str
    commit: str
    workspace: str
    revision: int
    lifecycle: str


class Discovery:
    """One reading of a repository's refs."""

    def __init__(self, mirror: Mirror, history: History, directory: str, branch: str) -> None:
        self._mirror = mirror
        self._history = history
        self._directory = directory
        self._branch = branch_ref(branch)
        self._branch_name = branch
        self._warnings: list[str] = []
        self._marked: frozenset[str] = frozenset()

    def run(self, refs: Mapping[str, str], known: Mapping[str, str]) -> Snapshot:
        """`refs` are those of the mirror now."""
        self._marked = frozenset(ref[len(MARKERS) :] for ref in refs if ref.startswith(MARKERS))
        wanted = self._wanted(refs, known)
        revisions = [revision for ref in sorted(wanted) for revision in self._read(ref, refs[ref])]
        gone = tuple(sorted(known.keys() - refs.keys()))
        return Snapshot(refs, revisions, gone, tuple(self._warnings))

    def _wanted(self, refs: Mapping[str, str], known: Mapping[str, str]) -> set[str]:
        """Refs to read: the changed ones, and those whose deletion mark came or went."""
        changed = changed_refs(refs, known)
        marks = {ref[len(MARKERS) :] for ref in changed if ref.startswith(MARKERS)}
        marked_paths = {split[0] for mark in marks if (split := split_name(mark))}
        wanted = {ref for ref in changed if ref in refs}
        for ref in refs if marks else ():
            split = split_name(ref[len(TAGS) :]) if ref.startswith(TAGS) else None
            if split and split[0] in marked_paths:
                revision = revision_number(split[1])
                if revision <= 0 or marker_name(split[0], revision, "") in marks:
                    wanted.add(ref)
        if marks and self._branch in refs:
            wanted.add(self._branch)
        return wanted

    def _read(self, ref: str, target: str) -> list[Discovered]:
        """The revisions of one ref; whatever is wrong with it becomes a warning."""
        try:
            ref.encode()
            if ref == self._branch:
                return list(self._branch_revisions(target))
            if ref.startswith((DRAFTS, PROPOSALS)):
                return list(self._draft(ref, target))
            if ref.startswith(TAGS):
                return list(self._tag(ref, target))
        except UnicodeEncodeError:
            self._warn(ascii(ref), "its name is not UTF-8")
        except (NotFound, BadRequest) as error:
            self._warn(ref, error.message)
        return []

    def _warn(self, ref: str, why: str) -> None:
        self._warnings.append(f"skipped {ref}: {why}")

    def _claim(self, ref: str, prefix: str) -> _Claim | None:
        """None for refs outside of the directory, and for those that name no package, with a warning."""
        split = split_name(ref[len(prefix) :])
        if split is None:
            kind = (
                "tag has no package path" if prefix == TAGS else "invalid draft ref name; missing workspaceName suffix"
            )
            self._warn(ref, kind)
            return None
        full_path, name = split
        if not within(full_path, self._directory):
            return None
        if full_path == self._directory:
            self._warn(ref, "the repository's directory itself cannot be a package")
            return None
        return _Claim(full_path, name)

    def _draft(self, ref: str, target: str) -> Iterator[Discovered]:
        prefix, lifecycle = (DRAFTS, DRAFT) if ref.startswith(DRAFTS) else (PROPOSALS, PROPOSED)
        if claim := self._claim(ref, prefix):
            commit = self._mirror.peel(target)
            package = self._package(commit, claim.full_path)
            yield self._revision(package, _Found(ref, commit, claim.name, 0, lifecycle))

    def _tag(self, ref: str, target: str) -> Iterator[Discovered]:
        claim = self._claim(ref, TAGS)
        if claim is None:
            return
        commit = self._mirror.peel(target)
        package = self._package(commit, claim.full_path)
        self._history.load([commit])
        revision = revision_number(claim.name)
        workspace = claim.name if revision < 0 else self._tagged_workspace(commit, claim, revision)
        lifecycle = self._lifecycle(claim.full_path, revision, workspace)
        yield self._revision(package, _Found(ref, commit, workspace, revision, lifecycle), published=commit)

    def _tagged_workspace(self, commit: str, claim: _Claim, revision: int) -> str:
        marks = self._history.annotations(commit, claim.full_path)
        return next((mark.workspace for mark in marks if mark.workspace), f"v{revision}")

    def _lifecycle(self, full_path: str, revision: int, workspace: str) -> str:
        marked = marker_name(full_path, revision, workspace) in self._marked
        return DELETION_PROPOSED if marked else PUBLISHED

    def _branch_revisions(self, target: str) -> Iterator[Discovered]:
        """Every package on the branch. A branch named like a number, `v4`, numbers its packages."""
        commit = self._mirror.peel(target)
        packages = list(self._packages_below(commit))
        self._history.load([commit])
        changes = self._history.last_changes(commit, [package.full_path for package in packages])
        revision = revision_number(self._branch_name)
        for package in packages:
            changed = changes.get(package.full_path)
            workspace = branch_workspace(self._branch_name)
            if revision >= 0:
                marks = self._history.annotations(changed, package.full_path) if changed else []
                workspace = next((mark.workspace for mark in marks if mark.workspace), f"v{revision}")
            lifecycle = self._lifecycle(package.full_path, revision, workspace)
            shows = changed if changed and self._shows(changed, package) else commit
            found = _Found(self._branch, shows, workspace, revision, lifecycle)
            yield self._revision(package, found, published=changed)

    def _shows(self, commit: str, package: _Package) -> bool:
        """Whether a commit has the package just so: then it stands for the branch, and pushes of other packages change
        nothing of this one.
        """
        item = self._mirror.item_at(self._mirror.commit(commit).tree, package.full_path)
        return item is not None and item.id == package.tree

    def _packages_below(self, commit: str) -> Iterator[_Package]:
        """Walks the tree; a directory with a Kptfile is a package and is not looked into."""
        start = self._mirror.item_at(self._mirror.commit(commit).tree, self._directory)
        pending = [(self._directory, start.id, 0)] if start and start.is_directory else []
        while pending:
            path, tree, depth = pending.pop()
            try:
                items = self._mirror.tree(tree)
                package = self._package_in(path, tree, items)
            except (UnicodeEncodeError, BadRequest, NotFound) as error:
                self._warn(self._branch, f"{path!a}: {error}")
                continue
            if package is not None:
                yield package
                continue
            if depth >= _MAX_DEPTH:
                self._warn(self._branch, f"{path!a} is deeper than {_MAX_DEPTH} directories")
                continue
            for item in reversed(items):
                if item.is_directory:
                    name = item.name.decode("utf-8", "surrogateescape")
                    pending.append((f"{path}/{name}" if path else name, item.id, depth + 1))

    def _package_in(self, path: str, tree: str, items: list[TreeItem]) -> _Package | None:
        """None when there is none, and it may be further down."""
        kptfile = next((item for item in items if item.name == b"Kptfile"), None)
        if kptfile is None:
            return None
        if not kptfile.is_file:
            self._warn(self._branch, f"{path!a} has a Kptfile that is no file")
            return None
        if path == self._directory:
            self._warn(self._branch, "a Kptfile at the root of the repository's directory is not a package")
            return None
        path.encode()
        return _Package(path, tree, self._kptfile(kptfile))

    def _package(self, commit: str, full_path: str) -> _Package:
        folder = self._mirror.item_at(self._mirror.commit(commit).tree, full_path)
        items = self._mirror.tree(folder.id) if folder and folder.is_directory else []
        kptfile = next((item for item in items if item.name == b"Kptfile" and item.is_file), None)
        if folder is None or kptfile is None:
            raise NotFound(f"there is no Kptfile in {full_path}")
        return _Package(full_path, folder.id, self._kptfile(kptfile))

    def _kptfile(self, item: TreeItem) -> bytes:
        if self._mirror.size(item.id) > _MAX_KPTFILE:
            raise BadRequest(f"its Kptfile is larger than {_MAX_KPTFILE} bytes")
        return self._mirror.blobs([item.id])[0]

    def _revision(self, package: _Package, found: _Found, published: str | None = None) -> Discovered:
        """`published` is the commit that says by whom and when."""
        commit, workspace = found.commit, found.workspace
        self._history.load([commit])
        creation = self._history.creation(commit, package.full_path, workspace)
        created = self._mirror.commit(creation[1] if creation else published or commit)
        publisher = self._mirror.commit(published) if published else None
        return Discovered(
            package_path(package.full_path, self._directory),
            package.full_path,
            workspace,
            found.revision,
            found.lifecycle,
            found.ref,
            commit,
            package.tree,
            package.kptfile,
            timestamp(created.authored),
            creation[0] if creation else None,
            publisher.author_email if publisher else "",
            timestamp(publisher.authored) if publisher else None,
        )

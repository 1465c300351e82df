"""Opens the adapter that a Repository object asks for: hosted here, or a git remote with its mirror.

The one place that knows where repositories lie in the data directory, and which adapters there are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from porch.cache.facts import RepositoryFacts
from porch.errors import BadRequest
from porch.keys import RepositoryKey
from porch.objects.repository_checks import file_errors
from porch.repository import Repository
from porch.repository.credentials import SecretCredentials
from porch.repository.git import GitAddress, open_hosted, open_remote
from porch.strategy.location import repository_location
from porch.types.repository import MAX_REFS_ANNOTATION, GitRepository
from porch.types.repository import Repository as RepositoryObject
from porch.workers import WorkerPool

HOSTED = "hosted:///"
_UNLIMITED = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Where git repositories lie."""

    directory: Path

    def hosted(self, namespace: str, name: str) -> Path:
        return self.directory / "git" / "hosted" / namespace / f"{name}.git"

    def mirror(self, key: RepositoryKey, url: str, secret: str) -> Path:
        """A mirror belongs to one Repository, URL and credential: what one may read must not leak to another, and a
        fetch of one must not undo a push of another.
        """
        identity = hashlib.sha256(f"{key}\n{url}\n{secret}".encode()).hexdigest()[:32]
        return self.directory / "git" / "mirrors" / f"{identity}.git"

    def mirror_of(self, key: RepositoryKey, git: GitRepository) -> Path:
        return self.mirror(key, git.repo, git.secret_ref.name if git.secret_ref else "")


@dataclass(frozen=True, slots=True)
class GitOpener:
    """Implements cache.Opener."""

    layout: Layout
    workers: WorkerPool
    credentials: SecretCredentials
    file_repositories: tuple[str, ...]
    public_url: str
    dashed: bool
    max_refs: int
    timeout: float

    def stamp(self, obj: RepositoryObject) -> str:
        git = obj.spec.git
        secret = git.secret_ref.name if git is not None and git.secret_ref is not None else ""
        meta = obj.metadata
        most = meta.annotations.get(MAX_REFS_ANNOTATION, "")
        return "/".join((meta.uid, str(meta.generation), most, self.credentials.stamp(meta.namespace, secret)))

    def __call__(self, obj: RepositoryObject) -> tuple[Repository, RepositoryFacts]:
        spec = obj.spec
        if spec.type != "git":
            raise BadRequest(f'repository type "{spec.type}" not supported')
        if spec.git is None:
            raise BadRequest("git property is required")
        if not spec.git.repo:
            raise BadRequest("git.repo property is required")
        facts = self._facts(obj, spec.git)
        address = _address(obj, spec.git, hosted=facts.hosted)
        if facts.hosted:
            path = self.layout.hosted(facts.key.namespace, facts.hosted_name)
            opened = open_hosted(str(path), address, self.workers, mirror_id=facts.refs_of, location=facts.location)
            return opened, facts
        return self._remote(facts, address, spec.git), facts

    def _facts(self, obj: RepositoryObject, git: GitRepository) -> RepositoryFacts:
        namespace, name = obj.metadata.namespace, obj.metadata.name
        hosted_name = git.repo.removeprefix(HOSTED) if git.repo.startswith(HOSTED) else ""
        url = self.hosted_url(namespace, hosted_name) if hosted_name else git.repo
        return RepositoryFacts(
            key=RepositoryKey(namespace, name),
            uid=obj.metadata.uid,
            url=url,
            location=repository_location(namespace, git.repo),
            directory=git.directory.strip("/"),
            branch=git.branch or "main",
            deployment=obj.spec.deployment,
            hosted_name=hosted_name,
            dashed=self.dashed,
            max_refs=_UNLIMITED if hosted_name else self._max_refs(obj),
        )

    def hosted_url(self, namespace: str, name: str) -> str:
        """What locks call a repository that this server keeps."""
        return f"{self.public_url}/git/{namespace}/{name}.git" if self.public_url else HOSTED + name

    def _max_refs(self, obj: RepositoryObject) -> int:
        given = obj.metadata.annotations.get(MAX_REFS_ANNOTATION, "")
        return (int(given) if given.isdecimal() and len(given) < 10 else self.max_refs) or _UNLIMITED

    def _remote(self, facts: RepositoryFacts, address: GitAddress, git: GitRepository) -> Repository:
        # Asked at every opening, because a symbolic link may lead elsewhere by now.
        if problems := file_errors(git.repo, self.file_repositories):
            raise BadRequest(str(problems[0]))
        secret = git.secret_ref.name if git.secret_ref else ""
        namespace = facts.key.namespace
        path = self.layout.mirror_of(facts.key, git)
        return open_remote(
            str(path),
            address,
            self.workers,
            credentials=self.credentials.resolve(namespace, secret) if secret else None,
            ca=self.credentials.ca_bundle(namespace),
            deadline=self.timeout,
            mirror_id=facts.refs_of,
            location=facts.location,
        )


def _address(obj: RepositoryObject, git: GitRepository, *, hosted: bool) -> GitAddress:
    return GitAddress(
        url=git.repo,
        key=RepositoryKey(obj.metadata.namespace, obj.metadata.name),
        branch=git.branch or "main",
        directory=git.directory,
        create_branch=git.create_branch or hosted,
        author=git.author,
        email=git.email,
    )

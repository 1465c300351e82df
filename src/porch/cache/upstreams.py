"""Packages in git repositories that no Repository object names: where a clone by git address takes its content from.

The same rules hold for them as for Repositories: which addresses are allowed, where secrets may travel, a lane and a
deadline for each remote. What is fetched lies in a directory of its own until the package was taken over; whatever a
crash leaves there is removed at the next start. A repository that this server hosts is read where it lies.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from porch.cache.lanes import Lanes
from porch.cache.opener import HOSTED, GitOpener
from porch.errors import BadRequest, Details, Invalid, TooManyRequests, invalid
from porch.keys import RepositoryKey, label_problems
from porch.objects.repository_checks import file_errors
from porch.observe.faults import reach
from porch.repository.git import FetchedPackage, GitAddress, Wanted, fetch_package, local_package
from porch.strategy.location import repository_location
from porch.types.task import GitPackage

_AT_ONCE = 8
"""Fetches at the same time: each may wait for a remote until its deadline, and holds disk space meanwhile."""


class Upstreams:
    def __init__(self, opener: GitOpener, lanes: Lanes, own_url: str, limit: int) -> None:
        """`own_url` is where clients reach this server. `limit` is bytes that one package, or what must be fetched for
        it, may have.
        """
        self._opener, self._lanes, self._limit = opener, lanes, limit
        self._own = f"{own_url.rstrip('/')}/git/"
        self._directory = opener.layout.directory / "git" / "fetched"
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def clear(self) -> None:
        """Removes what a crash has left. Before anything is fetched."""
        shutil.rmtree(self._directory, ignore_errors=True)

    @contextmanager
    def package(self, namespace: str, source: GitPackage) -> Iterator[FetchedPackage]:
        """The package while it is needed. Network, unless it is hosted here. Raises Invalid, its fields relative to
        `source`; ServiceUnavailable or TooManyRequests while the remote cannot be asked.
        """
        wanted = Wanted(source.ref, source.directory.strip("/"))
        with ExitStack() as stack:
            package = self._hosted(namespace, source, wanted)
            if package is None:
                package = self._fetched(stack, namespace, source, wanted)
            reach("upstream-fetched")
            yield package

    def _hosted(self, namespace: str, source: GitPackage, wanted: Wanted) -> FetchedPackage | None:
        """None for a repository elsewhere."""
        if source.repo.startswith(HOSTED):
            name = source.repo.removeprefix(HOSTED)
        elif source.repo.startswith(self._own):
            owner, _, name = source.repo.removeprefix(self._own).partition("/")
            if owner != namespace:
                raise _wrong("repo", source.repo, "this server keeps that repository for another namespace")
        else:
            return None
        name = name.strip("/").removesuffix(".git")
        path = self._opener.layout.hosted(namespace, name)
        if label_problems(name) or not (path / "HEAD").exists():
            raise _wrong("repo", source.repo, "repository not found: this server hosts none of that name")
        return local_package(path, self._opener.hosted_url(namespace, name), wanted, self._limit)

    def _fetched(self, stack: ExitStack, namespace: str, source: GitPackage, wanted: Wanted) -> FetchedPackage:
        opener, secret = self._opener, source.secret_ref.name
        if problems := file_errors(source.repo, opener.file_repositories):
            raise _wrong("repo", source.repo, problems[0].text.removeprefix("Forbidden: "))
        credentials = None
        if secret:
            try:
                credentials = opener.credentials.resolve(namespace, secret)
            except BadRequest as error:
                raise _wrong("secretRef.name", secret, error.message) from error
        if not self._places.acquire(blocking=False):
            raise TooManyRequests("too many clones from git addresses are being fetched", retry_after=5)
        stack.callback(self._places.release)
        try:
            fetching = fetch_package(
                self._directory / f"{secrets.token_hex(16)}.git",
                GitAddress(source.repo, RepositoryKey(namespace, ""), directory=wanted.directory),
                wanted,
                credentials=credentials,
                ca=opener.credentials.ca_bundle(namespace),
                deadline=opener.timeout,
                limit=self._limit,
            )
            with self._lanes.of(repository_location(namespace, source.repo)).enter():
                return stack.enter_context(fetching)
        except Invalid:
            raise
        except BadRequest as error:
            raise _wrong("repo", source.repo, error.message) from error


def _wrong(field: str, value: str, text: str) -> Invalid:
    return Invalid(text, details=Details(causes=(invalid(field, value, text),)))

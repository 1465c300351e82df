"""The clone task: another package's files, with a Kptfile that says where they come from.

In a deployment repository the package context is made anew, so that functions know the package by its own name. At last
the resources are marked for later upgrades. A file that none of this is about stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from porch.krm.errors import YamlError
from porch.krm.kptfile import NAME as KPTFILE
from porch.krm.kptfile import Kptfile
from porch.krm.mergekeys import IDENTIFIER, add_merge_keys, identifier, is_marked_file
from porch.repository import Entry
from porch.task.context import with_context
from porch.task.errors import TaskFailed
from porch.task.interface import Content, PackageConfig, Source
from porch.types.packagerevision import GitLock


def apply(source: Source, package: PackageConfig) -> dict[str, bytes | Entry]:
    files = with_upstream(source.files, package.path, source.lock, package.path)
    return marked(with_context(files, package.path) if package.deployment else files)


def with_upstream(files: Content, package: str, lock: GitLock, name: str = "") -> dict[str, bytes | Entry]:
    """With the root Kptfile's upstream and lock, and its name unless that is to stay."""
    data = files.get(KPTFILE)
    if not isinstance(data, bytes):
        raise TaskFailed(
            f'failed to apply upstream lock to package "{package}": package "{package}" is missing Kptfile'
        )
    try:
        root = Kptfile.parse(data)
    except YamlError as error:
        text = f'failed to apply upstream lock to package "{package}": cannot parse Kptfile: {error.message}'
        raise TaskFailed(text) from error
    root = (root.with_name(name) if name else root).with_upstream(upstream_of(lock))
    marks = {IDENTIFIER: identifier("kpt.dev/v1", KPTFILE, "", root.summary.name)}
    return {**files, KPTFILE: root.with_metadata(None, marks, merge=True).data}


def upstream_of(lock: GitLock) -> GitLock:
    """As kpt spells it."""
    repo = lock.repo if lock.repo.endswith(".git") else f"{lock.repo}.git"
    return GitLock(repo=repo, directory=lock.directory.removeprefix("/"), ref=lock.ref, commit=lock.commit)


def marked(files: Mapping[str, bytes | Entry]) -> dict[str, bytes | Entry]:
    """With merge keys in all resources. The root Kptfile has its own: its comments do not outlive a render upstream."""
    return {
        path: add_merge_keys(file) if isinstance(file, bytes) and path != KPTFILE and is_marked_file(path) else file
        for path, file in files.items()
    }

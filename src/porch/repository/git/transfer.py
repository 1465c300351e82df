"""Objects from one bare repository on this machine into another: git writes them, nothing passes through our memory."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

from porch.errors import NotFound
from porch.repository.git.executable import GitFailed, run_git
from porch.repository.interface import Content


@runtime_checkable
class OnDisk(Protocol):
    @property
    def objects(self) -> str:
        """The bare repository in which the objects lie."""
        ...


def objects_of(source: Content) -> str:
    """The bare repository that a source reads from; empty when it is something else."""
    return source.objects if isinstance(source, OnDisk) else ""


def copy_objects(source: str, target: str, names: Collection[str]) -> None:
    """As one pack, which is durable when this returns. Raises NotFound when `source` lacks one of them."""
    arguments = ["-c", "core.fsync=pack,pack-metadata", "pack-objects", "--quiet", f"{target}/objects/pack/pack"]
    try:
        run_git(arguments, cwd=source, stdin="".join(f"{name}\n" for name in sorted(names)).encode())
    except GitFailed as error:
        raise NotFound(f"cannot copy the package's files: {error}") from error

"""Rules for Repositories that depend on this server's settings and disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from porch.errors import FieldError, Invalid, forbidden
from porch.objects.checks import Check
from porch.objects.interface import Call
from porch.store import Reads
from porch.strategy.giturl import file_path
from porch.types.repository import REPOSITORY


def file_errors(url: str, allowed: Sequence[str]) -> list[FieldError]:
    """Why a file URL may not be opened: only below the `allowed` directories, wherever symbolic links lead. Ask again
    before each opening, for links may change.
    """
    path = file_path(url)
    if path is None:
        return []
    try:
        real = Path(path).resolve()
        if any(real.is_relative_to(Path(directory).expanduser().resolve()) for directory in allowed):
            return []
    except (OSError, RuntimeError, ValueError):  # a loop of links, a name that no disk can have
        pass
    text = "file URLs are only allowed below the directories that the setting file-repositories names"
    return [forbidden("spec.git.repo", text)]


def file_repositories_below(allowed: Sequence[str]) -> Check:
    """For new Repositories: the URL never changes afterwards."""

    def check(_call: Call, _reads: Reads, obj: Any, old: Any | None) -> None:
        if old is not None or obj.spec.git is None:
            return
        if errors := file_errors(obj.spec.git.repo, allowed):
            raise Invalid.of(REPOSITORY.group, REPOSITORY.name, obj.metadata.name, errors)

    return check

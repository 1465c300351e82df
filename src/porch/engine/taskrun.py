"""A task applied, and its result taken over into a draft: each file as cheaply as it can be had.

A file that lies in the draft's own repository stays an entry. What a task has read and left alone, or changed, is at
hand; everything else is copied from where it lies. Modes are those of the file's origin.
"""

from __future__ import annotations

from collections.abc import Sequence

from porch.cache import CachedRepository
from porch.engine.engine import Engine
from porch.engine.sources import Opened
from porch.merge import Conflict
from porch.repository import Entry, Files, NewFile, PackageRevisionDraft
from porch.task import Applied, PackageConfig, Source, line
from porch.task.interface import Content
from porch.types.task import Task

_HEAVY_BYTES = 256 * 1024
"""Tasks on more than this run in a worker process, so that parsing does not hold up other requests."""
_MAX_WARNINGS = 10


def run_task(engine: Engine, task: Task, package: PackageConfig, sources: Sequence[Source]) -> Applied:
    sizes = (len(file) for source in sources for file in source.files.values() if isinstance(file, bytes))
    if sum(sizes) > _HEAVY_BYTES:
        return engine.workers.run(engine.tasks.apply_task, task, package, sources)
    return engine.tasks.apply_task(task, package, sources)


def told(conflicts: Sequence[Conflict]) -> list[str]:
    """Warnings for the client; all conflicts are in the package's condition."""
    more = [f"and {len(conflicts) - _MAX_WARNINGS} more conflicts"] if len(conflicts) > _MAX_WARNINGS else []
    return [f"conflict: {line(conflict)}" for conflict in conflicts[:_MAX_WARNINGS]] + more


def taken_over(
    draft: PackageRevisionDraft, repository: CachedRepository, packages: Sequence[Opened], files: Content
) -> Files:
    """The files of a task as `draft` takes them. Of several packages the last one is the package itself, whose modes
    count most.
    """
    origins = packages[::-1]
    found: list[dict[str, Entry]] = [{} for _ in origins]
    made: dict[str, bytes | NewFile | Entry] = {}
    for path, file in files.items():
        origin = next((index for index, package in enumerate(origins) if _is_of(package, path, file)), None)
        if origin is None:
            assert isinstance(file, bytes), "an entry comes from one of the packages"
            made[path] = file
            continue
        package, entry = origins[origin], origins[origin].entries[path]
        unchanged = package.source.files[path] == file
        if isinstance(file, Entry) or (unchanged and package.content is repository.content):
            found[origin][path] = entry
        else:
            made[path] = NewFile(entry.mode, file)
    for package, entries in zip(origins, found, strict=True):
        made |= draft.adopt(package.content, entries)
    return made


def _is_of(package: Opened, path: str, file: bytes | Entry) -> bool:
    """Whether the file is one of this package's, perhaps changed."""
    before = package.source.files.get(path)
    return before == file if isinstance(file, Entry) else isinstance(before, bytes)

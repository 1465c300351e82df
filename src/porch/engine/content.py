"""A package's files on their way into a draft: what is rendered is read, everything else stays an entry of git."""

from __future__ import annotations

from collections.abc import Mapping

from porch.cache import CachedRepository, is_hidden
from porch.engine.engine import Engine
from porch.errors import Invalid
from porch.observe import step
from porch.render import render
from porch.repository import Entry, Files, NewFile, PackageRevisionDraft
from porch.types.resources import PACKAGE_REVISION_RESOURCES as KIND
from porch.types.task import Task

_READ_NAMES = ("Kptfile", ".krmignore")
_READ_SUFFIXES = (".yaml", ".yml", ".json")
_HEAVY_BYTES = 256 * 1024
"""Packages above this are rendered in a worker process, so that parsing does not hold up other requests."""


def render_into(
    engine: Engine,
    repository: CachedRepository,
    draft: PackageRevisionDraft,
    files: Files,
    task: Task,
    *,
    name: str,
    push_on_failure: bool = False,
) -> None:
    """Renders the whole package `name` and makes it the draft's content, in one commit for `task` if anything changed.
    Files that rendering does not read, or leaves as they were, are stored as given: links are never followed, nor read
    as if their target were their content.

    Raises Invalid with a FieldError for each wrong file, unless `push_on_failure` wants the package kept as it is, with
    the failure in its Kptfile.
    """
    if unchanged(files, draft.entries) and draft.tree in engine.rendered:
        return
    with step("render"):
        whole, is_good = _rendered(engine, repository, name, files, push_on_failure=push_on_failure)
    if not unchanged(whole, draft.entries):
        with step("repository.update-resources"):
            draft.update_resources(whole, task)
    if is_good:
        engine.rendered.add(draft.tree)


def _rendered(
    engine: Engine, repository: CachedRepository, name: str, files: Files, *, push_on_failure: bool
) -> tuple[Files, bool]:
    """The files, and whether rendering them found nothing wrong."""
    texts = _texts(repository, {path: item for path, item in files.items() if _is_read(path, item)})
    heavy = sum(map(len, texts.values())) > _HEAVY_BYTES
    result = engine.workers.run(render, texts) if heavy else render(texts)
    if result.problems and not (push_on_failure and result.storable):
        raise Invalid.of(KIND.group, KIND.name, name, result.problems)
    changed = {path: _replaced(files.get(path), data) for path, data in result.files.items() if texts.get(path) != data}
    kept = {path: item for path, item in files.items() if path not in texts or path in result.files}
    return {**kept, **changed}, not result.problems


def _replaced(file: bytes | NewFile | Entry | None, data: bytes) -> bytes | NewFile:
    """A file of another repository keeps the mode that it came with."""
    return NewFile(file.mode, data) if isinstance(file, NewFile) else data


def _is_read(path: str, item: bytes | NewFile | Entry) -> bool:
    """Links and submodules are no resources, whatever they are called."""
    if not isinstance(item, bytes) and (item.mode & 0o170000 != 0o100000 or is_hidden(path, item.mode)):
        return False
    base = path.rpartition("/")[2]
    return base in _READ_NAMES or base.endswith(_READ_SUFFIXES)


def _texts(repository: CachedRepository, files: Files) -> dict[str, bytes]:
    entries = {path: item.blob for path, item in files.items() if isinstance(item, Entry)}
    blobs = dict(zip(entries, repository.read_blobs(list(entries.values())), strict=True))
    return blobs | {path: _data(item) for path, item in files.items() if not isinstance(item, Entry)}


def _data(item: bytes | NewFile) -> bytes:
    return item.data if isinstance(item, NewFile) else item


def unchanged(files: Files, entries: Mapping[str, Entry]) -> bool:
    """Whether `files` are exactly the entries that are there already."""
    return files.keys() == entries.keys() and all(files[path] == entries[path] for path in entries)

"""A package's files on their way into a draft: what is rendered is read, everything else stays an entry of git."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import msgspec

from porch.cache import CachedRepository, is_hidden
from porch.engine.engine import Engine, Revision
from porch.engine.operations import Running
from porch.errors import FieldError, Invalid, invalid
from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.krm.kptfile import Kptfile
from porch.observe import step
from porch.render import Rendered, Step
from porch.repository import Entry, Files, NewFile, PackageRevisionDraft
from porch.store import Verdict
from porch.types.packagerevision import PACKAGE_REVISION, PUBLISHED
from porch.types.resources import PACKAGE_REVISION_RESOURCES as KIND
from porch.types.resources import PackageRevisionResourcesStatus, RenderStep
from porch.types.task import Task

_READ_NAMES = ("Kptfile", ".krmignore")
_READ_SUFFIXES = (".yaml", ".yml", ".json")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class RenderJob:
    """What is rendered into a draft, and for whom: the package revision `name`."""

    repository: CachedRepository
    draft: PackageRevisionDraft
    namespace: str
    name: str
    push_on_failure: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """`verdict` is what is to be noted of the draft's tree; None when it is known already. `running` is the operation,
    if there was one.
    """

    verdict: Verdict | None = None
    running: Running | None = None

    def followed(self, revision: Revision) -> Revision:
        """The revision, with what the render itself wrote to its object."""
        if self.running is None:
            return revision
        return replace(revision, stored=self.running.followed(revision.stored))


@contextmanager
def rendering_into(engine: Engine, job: RenderJob, files: Files, task: Task) -> Iterator[Outcome]:
    """Renders the whole package and makes it the draft's content, in one commit for `task` if anything changed. Files
    that rendering does not read, or leaves as they were, are stored as given: links are never followed, nor read as if
    their target were their content. While the block lasts the operation, if it is one, goes on.

    Raises Invalid with a FieldError for each wrong file, unless `push_on_failure` wants the package kept as it is, with
    the failure in its Kptfile.
    """
    draft = job.draft
    if unchanged(files, draft.entries) and engine.has_good_verdict(draft.tree):
        yield Outcome()
        return
    texts = _texts(job.repository, {path: item for path, item in files.items() if _is_read(path, item)})
    with ExitStack() as stack:
        running = None
        if engine.renderer.has_functions(texts):
            running = stack.enter_context(engine.operations.run(job.namespace, job.name, dry_run=job.dry_run))
        with step("render"):
            result = engine.renderer.render(texts, running, job.name)
        if result.problems and not (job.push_on_failure and result.storable):
            raise Invalid.of(KIND.group, KIND.name, job.name, result.problems)
        whole = _whole(files, texts, result)
        if not unchanged(whole, draft.entries):
            with step("repository.update-resources"):
                draft.update_resources(whole, task)
        verdict = verdict_of(draft.tree, result)
        engine.verdicts.keep(verdict)
        yield Outcome(verdict, running)


def verdict_of(tree: str, result: Rendered) -> Verdict:
    steps = [_told(step) for step in result.steps]
    status = PackageRevisionResourcesStatus(render_status=msgspec.structs.replace(result.status, steps=steps))
    ran = tuple((step.image, step.digest) for step in result.steps)
    told = bool(ran) or bool(result.problems)
    return Verdict(tree, not result.problems, ran, msgspec.json.encode(status) if told else b"", int(time.time()))


def _told(done: Step) -> RenderStep:
    return RenderStep(
        package=done.package,
        section=done.section,
        name=done.name,
        image=done.image or done.exec,
        exit_code=done.exit_code,
        error=done.error,
        duration=f"{done.duration:.4f}s",
        reused=done.reused,
        digest=done.digest,
        input_hash=done.before,
        output_hash=done.after,
    )


@contextmanager
def required_rendered(
    engine: Engine, repository: CachedRepository, revision: Revision, *, dry_run: bool
) -> Iterator[Outcome]:
    """Approval is for files that were rendered, exactly as they are, by the code that would run now. If nobody knows
    that, they are rendered now. Raises Invalid when rendering them fails, or changes them.
    """
    row = revision.row
    if engine.has_good_verdict(row.tree):
        yield Outcome()
        return
    entries = repository.entries(row.tree)
    texts = _texts(repository, {path: item for path, item in entries.items() if _is_read(path, item)})
    with ExitStack() as stack:
        running = None
        if engine.renderer.has_functions(texts):
            running = stack.enter_context(engine.operations.run(row.namespace, row.name, dry_run=dry_run))
        with step("render"):
            result = engine.renderer.render(texts, running, row.name)
        if problems := [*result.problems] or _unrendered(texts, result):
            raise Invalid.of(PACKAGE_REVISION.group, PACKAGE_REVISION.name, row.name, problems)
        verdict = verdict_of(row.tree, result)
        engine.verdicts.keep(verdict)
        yield Outcome(verdict, running)


def _unrendered(texts: Mapping[str, bytes], result: Rendered) -> list[FieldError]:
    """What rendering these files would change."""
    changed = [path for path, data in result.files.items() if _differs(path, texts.get(path), data)]
    changed = sorted([*changed, *(texts.keys() - result.files.keys())])
    if not changed:
        return []
    what = ", ".join(changed[:_MOST_NAMED]) + (" and others" if len(changed) > _MOST_NAMED else "")
    why = f"the package was not rendered: rendering it changes {what}; set it back to Draft and propose it again"
    return [invalid("spec.lifecycle", PUBLISHED, why)]


def _differs(path: str, before: bytes | None, after: bytes) -> bool:
    """What a render writes down about itself, in the Kptfile at the root, does not make it another package, unless it
    is that it failed.
    """
    if before == after:
        return False
    if path != kptfile.NAME or before is None:
        return True
    try:
        old, new = Kptfile.parse(before), Kptfile.parse(after)
        return _has_failed(old) or old.without_rendered().data != new.without_rendered().data
    except YamlError:
        return True


def _has_failed(package: Kptfile) -> bool:
    return any(item.type == kptfile.RENDERED and item.status == "False" for item in package.summary.conditions)


def _whole(files: Files, texts: Mapping[str, bytes], result: Rendered) -> Files:
    """The package as rendered: what was not read stays, what the functions deleted goes."""
    changed = {path: _replaced(files.get(path), data) for path, data in result.files.items() if texts.get(path) != data}
    gone = texts.keys() - result.files.keys()
    return {path: item for path, item in files.items() if path not in gone} | changed


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
    if files.keys() != entries.keys():
        return False
    return all(files[path] is entry or files[path] == entry for path, entry in entries.items())

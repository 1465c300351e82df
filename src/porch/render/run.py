"""Renders one package: checks what upstream's render would check, runs the pipelines, records the verdict.

One job of a worker process: plain values in and out, and nothing raised for bad content. A package whose pipelines name
no function comes back byte for byte, but for the root Kptfile's condition. With functions all resource files are
written as upstream writes them. The root Kptfile keeps its comments and its order either way.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Collection, Iterator, Sequence

from porch.errors import FieldError, invalid, required
from porch.function.chain import functions_for
from porch.function.registry import find_native, has_native
from porch.function.results import ERROR
from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.render.hydrate import Hydration, PipelineFailed
from porch.render.interface import OnProgress, Package, Progress, Rendered, RenderOptions, Step
from porch.render.kptfiles import ReadKptfile, read_kptfile, with_verdict, without_verdict
from porch.render.layout import inside
from porch.render.memory import STEPS, StepCache
from porch.render.packages import PackageNode, Problem, check_files, load, read_resources
from porch.render.sentences import Sentence
from porch.render.status import kptfile_status, result_list
from porch.render.step import Caller, Functions
from porch.render.writing import CannotWrite, write_files
from porch.types.resources import RenderStatus
from porch.workers import report

_MAX_PROBLEMS = 20
_MOST_TOLD = 4096
_BREADTH_FIRST, _SAVE_ON_FAILURE = "kpt.dev/bfs-rendering", "kpt.dev/save-on-render-failure"
_DEFAULTS = RenderOptions()


def render(
    files: Package,
    options: RenderOptions = _DEFAULTS,
    *,
    on_progress: OnProgress = report,
    functions: Functions | None = None,
    cache: StepCache = STEPS,
) -> Rendered:
    """Never raises for bad content: what is wrong is in `problems`. `on_progress` hears of each function before it is
    called; by default whoever waits for this worker process does. `functions` are those of the options by default.
    """
    with _no_collecting():
        return _render(files, options, on_progress, functions, cache)


def prepare(options: RenderOptions) -> None:
    """What the first render of a process would else have to load: this module, and the configured functions."""
    functions_for(options.functions)
    for config in options.functions.configs:
        if config.go_executor and has_native(config.go_executor.id or config.image):
            find_native(config.go_executor.id or config.image)


def _render(
    files: Package, options: RenderOptions, on_progress: OnProgress, functions: Functions | None, cache: StepCache
) -> Rendered:
    if kptfile.NAME not in files:
        text = "package must contain Kptfile at root: file does not exist"
        return _refused(files, required("spec.resources", text), text)
    try:
        root = read_kptfile(files[kptfile.NAME])
    except YamlError as error:
        text = f'error reading Kptfile at "/": {error.message}'
        return _refused(files, _field_error(kptfile.NAME, text), text)
    package, problems = load(files, root)
    total = sum(len(node.pipeline.functions) for node in package.all())
    if problems or not total:
        return _verdict(files, [*problems, *check_files(files, package)])
    # Functions do not get the verdict of an earlier render: rendering twice gives what rendering once gave.
    files = {**files, kptfile.NAME: without_verdict(files[kptfile.NAME])}
    caller = Caller(functions or functions_for(options.functions), cache)
    return _run(files, root, package, Hydration(files, {}, caller, options.allow_exec, total, on_progress))


@contextlib.contextmanager
def _no_collecting() -> Iterator[None]:
    """No node refers to one above it, so no garbage needs to be looked for. That would take a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _run(files: Package, root: ReadKptfile, package: PackageNode, hydration: Hydration) -> Rendered:
    problems: list[Problem] = []
    for node in package.all():
        hydration.own[node.directory], found = read_resources(files, node)
        problems += found
    if problems:
        return _verdict(files, problems)
    read = {
        inside(node.directory, resource.place.path)
        for node in package.all()
        for resource in hydration.own[node.directory]
    }
    try:
        hydrate = hydration.breadth_first if _says_true(root, _BREADTH_FIRST) else hydration.depth_first
        resources = hydrate(package)
        hydration.on_progress(Progress(hydration.total, hydration.total))
        written = write_files(files, read, resources, all_=True)
        return _verdict(written, [], hydration.steps)
    except PipelineFailed as failed:
        return _failed(files, root, read, failed, hydration.steps)
    except CannotWrite as error:
        where, text = error.path, f"failed to save resources: {error}"
    except YamlError as error:
        where, text = kptfile.NAME, f"the functions left a Kptfile that cannot be read: {error.message}"
    return _verdict(files, [Problem(where, text, Sentence(text))], hydration.steps)


def _failed(
    files: Package, root: ReadKptfile, read: Collection[str], failed: PipelineFailed, steps: Sequence[Step]
) -> Rendered:
    if _says_true(root, _SAVE_ON_FAILURE):
        with contextlib.suppress(CannotWrite, YamlError):
            written = write_files(files, read, failed.partial, all_=False)
            read_kptfile(written[kptfile.NAME])
            files = written
    where = failed.package.kptfile_path
    name = failed.function.name or failed.function.image or failed.function.exec
    sentence = Sentence(failed.cause, "pipeline.run", failed.package.chain)
    problem = Problem(where, f'{failed.function.field} "{name}": {failed.cause.strip()}', sentence)
    return _verdict(files, [problem], steps)


def _refused(files: Package, error: FieldError, text: str) -> Rendered:
    """Nothing can be recorded in a package without a readable root Kptfile."""
    return Rendered(files, RenderStatus(error=f"fn.render: pkg /:\n\tpkg.read: {text}"), (error,), storable=False)


def _verdict(files: Package, problems: Sequence[Problem], steps: Sequence[Step] = ()) -> Rendered:
    """Puts it into the root Kptfile. Raises YamlError when that cannot be read."""
    sentence = problems[0].sentence if problems else None
    error = str(sentence) if sentence else ""
    message = sentence.condition.strip() if sentence else ""
    files = {**files, kptfile.NAME: with_verdict(files[kptfile.NAME], message, kptfile_status(steps))}
    errors = [_field_error(problem.path, problem.text) for problem in problems[:_MAX_PROBLEMS]]
    if problems and steps:
        errors += _results_as_errors(steps[-1])
    status = RenderStatus(result=result_list(steps), error=error)
    return Rendered(files, status, tuple(errors[:_MAX_PROBLEMS]), steps=tuple(steps))


def _results_as_errors(step: Step) -> list[FieldError]:
    """What a function that failed says: of files at these files, else at the Kptfile that names it."""
    name = step.name or step.image or step.exec
    told = [
        _field_error(inside(step.package, result.file.path if result.file and result.file.path else kptfile.NAME), why)
        for result in step.results
        if result.severity == ERROR and (why := f'function "{name}": {result}')
    ]
    if not told and step.stderr.strip():
        told = [
            _field_error(inside(step.package, kptfile.NAME), f'function "{name}": {step.stderr.strip()[:_MOST_TOLD]}')
        ]
    return told


def _field_error(path: str, text: str) -> FieldError:
    return invalid(f"spec.resources[{path}]", path, text)


def _says_true(root: ReadKptfile, annotation: str) -> bool:
    return root.annotations.get(annotation, "").lower() == "true"

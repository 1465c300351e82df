"""Runs one function over a directory of resources, Kptfile or not: what `kpt fn eval` does.

All resources are given, those of packages below too, with paths from the root. No verdict is written.
"""

from __future__ import annotations

from collections.abc import Mapping

from porch.errors import invalid
from porch.krm.errors import YamlError
from porch.kyaml import Node
from porch.render.hydrate import Hydration, PipelineFailed
from porch.render.interface import OnProgress, Rendered, RenderOptions
from porch.render.layout import all_resources
from porch.render.memory import STEPS
from porch.render.packages import PackageNode, read_resources
from porch.render.pipeline import MUTATORS, Function, Pipeline
from porch.render.sentences import Sentence
from porch.render.status import result_list
from porch.render.step import Caller, Functions
from porch.render.writing import CannotWrite, write_files
from porch.types.resources import RenderStatus


def run_function(
    files: Mapping[str, bytes],
    function: Function,
    functions: Functions,
    options: RenderOptions,
    *,
    config: Node | None = None,
    on_progress: OnProgress,
) -> Rendered:
    """Never raises for bad content. `config` is the functionConfig if the function itself names none."""
    pipeline = Pipeline((function,), ()) if function.section == MUTATORS else Pipeline((), (function,))
    package = PackageNode("", tuple(all_resources(files)), pipeline, None)
    resources, problems = read_resources(files, package)
    if problems:
        errors = tuple(invalid(f"spec.resources[{one.path}]", one.path, one.text) for one in problems)
        return Rendered(files, RenderStatus(error=str(problems[0].sentence)), errors)
    caller = Caller(functions, STEPS)
    hydration = Hydration(files, {"": resources}, caller, options.allow_exec, 1, on_progress, config=config)
    read = {resource.place.path for resource in resources}
    try:
        written = write_files(files, read, hydration.depth_first(package), all_=True)
    except PipelineFailed as failed:
        return _failed(files, hydration, failed.cause, str(Sentence(failed.cause, "pipeline.run")))
    except (CannotWrite, YamlError) as error:
        return _failed(files, hydration, str(error), str(Sentence(str(error))))
    return Rendered(written, RenderStatus(result=result_list(hydration.steps)), steps=tuple(hydration.steps))


def _failed(files: Mapping[str, bytes], hydration: Hydration, cause: str, error: str) -> Rendered:
    status = RenderStatus(result=result_list(hydration.steps), error=error)
    return Rendered(files, status, (invalid("function", "", cause),), steps=tuple(hydration.steps))

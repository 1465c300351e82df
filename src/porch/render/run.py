"""Renders one package: checks what upstream's render would check, then records the verdict in the root Kptfile.

Called by the engine after each change of a draft, in process for small packages and in a worker process for big ones,
so it takes and returns plain values. Files other than the root Kptfile come back byte for byte. Functions are not
built yet: a pipeline that names one fails.
"""

from __future__ import annotations

from porch.errors import FieldError, invalid, required
from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.krm.kptfile import Kptfile
from porch.render.check import Problem, check_resources
from porch.render.interface import Package, Rendered
from porch.render.layout import find_packages
from porch.types.packagerevision import PackageCondition
from porch.types.resources import RenderStatus

_MAX_PROBLEMS = 20


def render(files: Package) -> Rendered:
    """Never raises for bad content: what is wrong is in `problems`."""
    if kptfile.NAME not in files:
        text = "package must contain Kptfile at root: file does not exist"
        return _refused(files, required("spec.resources", text), text)
    kptfiles = {package.directory: _read(files, package.directory) for package in find_packages(files)}
    root = kptfiles[""]
    if isinstance(root, Problem):
        return _refused(files, _field_error(root), root.text)
    problems = [problem for directory, read in kptfiles.items() for problem in _pipeline_problems(directory, read)]
    problems += check_resources(files)
    rendered = {**files, kptfile.NAME: root.with_rendered(_verdict(problems)).data}
    if not problems:
        return Rendered(rendered)
    errors = tuple(map(_field_error, problems[:_MAX_PROBLEMS]))
    return Rendered(rendered, RenderStatus(error=f"fn.render: pkg /:\n\tpkg.render: {problems[0].text}"), errors)


def _read(files: Package, directory: str) -> Kptfile | Problem:
    path = _kptfile_path(directory)
    try:
        return Kptfile.parse(files[path])
    except YamlError as error:
        return Problem(path, f'error reading Kptfile at "/{directory}": {error.message}')


def _pipeline_problems(directory: str, read: Kptfile | Problem) -> list[Problem]:
    """A package whose Kptfile cannot be read, or whose functions cannot be run."""
    if isinstance(read, Problem):
        return [read]
    path = _kptfile_path(directory)
    return [
        Problem(path, f'func eval "{image}" failed: function "{image}" not found: this server runs no functions yet')
        for image in read.summary.functions
    ]


def _kptfile_path(directory: str) -> str:
    return f"{directory}/{kptfile.NAME}" if directory else kptfile.NAME


def _refused(files: Package, error: FieldError, text: str) -> Rendered:
    """Nothing can be recorded in a package without a readable root Kptfile."""
    return Rendered(files, RenderStatus(error=f"fn.render: pkg /:\n\tpkg.read: {text}"), (error,), storable=False)


def _verdict(problems: list[Problem]) -> PackageCondition:
    if not problems:
        return PackageCondition(type=kptfile.RENDERED, status="True", reason="RenderSuccess")
    message = f"pkg.render: pkg .: {problems[0].text}"
    return PackageCondition(type=kptfile.RENDERED, status="False", reason="RenderFailed", message=message)


def _field_error(problem: Problem) -> FieldError:
    return invalid(f"spec.resources[{problem.path}]", problem.path, problem.text)

"""kubeconform: checks resources against the schemas of their kinds.

Settings, in a ConfigMap's data or at the top of the configuration: `strict` (no unknown fields), `skip_kinds`,
`ignore_missing_schemas`. See docs/functions-engines.md.
"""

from __future__ import annotations

from porch.function.builtin._schemas.check import check
from porch.function.builtin._schemas.problems import Problem, Step, kubeconform_text
from porch.function.interface import ResourceList

NAME = "kubeconform"
SORTS = True


def run(resources: ResourceList) -> None:
    check(resources, _worded)


def _worded(problem: Problem) -> list[tuple[tuple[Step, ...], str]]:
    return [(problem.path, kubeconform_text(problem))]

"""kubeval: what kubeconform does, in the words of the older tool, a message for each field."""

from __future__ import annotations

from porch.function.builtin._schemas.check import check
from porch.function.builtin._schemas.problems import Problem, Step, kubeval_text
from porch.function.interface import ResourceList

NAME = "kubeval"
SORTS = False


def run(resources: ResourceList) -> None:
    check(resources, _worded)


def _worded(problem: Problem) -> list[tuple[tuple[Step, ...], str]]:
    return [(problem.path, text) for text in kubeval_text(problem)]

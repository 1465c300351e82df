"""One evaluation inside a worker process: text in, text out."""

from __future__ import annotations

from dataclasses import dataclass

from porch.function.chain import functions_for
from porch.function.interface import FunctionCall, ResourceList
from porch.function.options import FunctionOptions
from porch.function.resourcelist import read_resource_list, write_resource_list
from porch.function.results import Result
from porch.kyaml import copy


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An outcome whose resources are text; `error` is empty after success."""

    resource_list: bytes
    stderr: str
    error: str
    exit_code: int
    results: tuple[Result, ...]


def evaluate_text(options: FunctionOptions, image: str, data: bytes) -> Evaluated:
    """Raises YamlError for what is no ResourceList, FunctionNotFound, and what else keeps a function from running."""
    given = read_resource_list(data)
    config = copy(given.config) if given.config is not None else None
    outcome = functions_for(options).evaluate(FunctionCall(image, given.items, given.config))
    results = list(outcome.results)
    answer = b"" if outcome.exit_code else write_resource_list(ResourceList(outcome.items, config, results))
    return Evaluated(answer, outcome.stderr, outcome.error, outcome.exit_code, tuple(results))

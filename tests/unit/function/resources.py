"""Resources and configurations for tests of native functions, from YAML."""

from __future__ import annotations

from typing import Any

from porch.function.interface import FunctionFailed, NativeFunction, ResourceList
from porch.kyaml import Node, from_value, parse


def config_map(**data: str) -> Node:
    return from_value({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config"}, "data": data})


def resources(*texts: str, config: Node | None = None) -> ResourceList:
    """The documents of the texts."""
    return ResourceList([node for text in texts for node in parse(text)], config)


def messages(function: NativeFunction, given: ResourceList) -> list[str]:
    """What the function finds, as kpt prints results. One that finds an error must fail, and others must not."""
    failed = False
    try:
        function.run(given)
    except FunctionFailed:
        failed = True
    assert failed == any(result.severity == "error" for result in given.results)
    return [str(result) for result in given.results]


def results_json(function: NativeFunction, given: ResourceList) -> list[dict[str, Any]]:
    messages(function, given)
    return [result.to_json() for result in given.results]

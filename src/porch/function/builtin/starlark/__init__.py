"""starlark: changes or checks resources by a script that its configuration holds.

The configuration is a StarlarkRun with `source` and `params`, or a ConfigMap whose `data.source` is the script. The
script changes `ctx.resource_list["items"]` in place; see docs/functions-engines.md. The interpreter is our own: a
script comes from strangers, so it can reach nothing but the values that it is given. The fixtures hold what the Go
function does, messages included.
"""

from __future__ import annotations

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.interface import FunctionFailed, ResourceList
from porch.function.results import ERROR, Result
from porch.kyaml import Node, find, followed, get, text_of

NAME = "starlark"
SORTS = True

_DEFAULT_PROGRAM = "starlark-function-run"
_FAILED = "failed to evaluate function: error: function failure"


def run(resources: ResourceList) -> None:
    printed: list[str] = []
    try:
        program, source = _script(resources.config)
        resources.items = _run(program, source, resources, printed)
    except StarlarkError as error:
        resources.results[:] = [Result(str(error), ERROR)]
        raise FunctionFailed("".join(printed) + _FAILED) from None
    resources.stderr = "".join(printed)


def _script(config: Node | None) -> tuple[str, str]:
    """The name of the program and its text."""
    if config is None or not config.content:
        raise StarlarkError("FunctionConfig is missing. Expect `ConfigMap` or `StarlarkRun`")
    version, kind = text_of(config, "apiVersion"), text_of(config, "kind")
    if (version, kind) == ("v1", "ConfigMap"):
        source = find(config, "data", "source")
    elif (version, kind) == ("fn.kpt.dev/v1alpha1", "StarlarkRun"):
        source = get(config, "source")
    else:
        group = version if "/" in version else f"/{version}"
        raise StarlarkError(
            "`functionConfig` must be either /v1, Kind=ConfigMap or fn.kpt.dev/v1alpha1, Kind=StarlarkRun, "
            f"but we got: {group}, Kind={kind}"
        )
    if source is None or source.kind != "scalar" or not source.value or source.tag == "!!null":
        raise StarlarkError("`source` must not be empty")
    return text_of(config, "metadata", "name") or _DEFAULT_PROGRAM, source.value


def _run(program: str, source: str, resources: ResourceList, printed: list[str]) -> list[Node]:
    from porch.function.builtin.starlark.convert import node_of, value_of
    from porch.function.builtin.starlark.interpreter import execute
    from porch.function.builtin.starlark.modules import load_module
    from porch.function.builtin.starlark.values import Struct, type_name

    resource_list = {
        "apiVersion": "config.kubernetes.io/v1",
        "items": [value_of(item) for item in resources.items],
        "kind": "ResourceList",
        "functionConfig": value_of(followed(resources.config)) if resources.config else None,
    }
    context = Struct({"resource_list": resource_list, "open_api": {}, "environment": {}})
    execute(program, source, {"ctx": context}, load_module, lambda line: printed.append(f"{line}\n"))
    result = node_of(resource_list)
    items = get(result, "items")
    if items is None or items.kind != "sequence":
        raise StarlarkError(f'ctx.resource_list["items"] is a {type_name(resource_list.get("items"))}, not a list')
    for item in items.content:
        if item.kind != "mapping":
            raise StarlarkError(f'ctx.resource_list["items"] holds a {item.kind}, which is no resource')
    return items.content

"""gatekeeper: checks resources by the ConstraintTemplates and constraints that are among them.

The rules are in Rego. Nothing is changed, and no configuration is needed. See docs/functions-engines.md.

The engine is the one of the extra `gatekeeper`; it is imported only when this function runs.
"""

from __future__ import annotations

from porch.function.builtin.gatekeeper.policies import PolicyError
from porch.function.interface import FunctionFailed, ResourceList
from porch.function.results import ERROR, Result

NAME = "gatekeeper"
SORTS = False


def run(resources: ResourceList) -> None:
    from porch.function.builtin.gatekeeper.audit import audit

    try:
        resources.results += audit(resources.items)
    except PolicyError as error:
        resources.results.append(Result(str(error), ERROR))
    if errors := [str(result) for result in resources.results if result.severity == ERROR]:
        raise FunctionFailed("\n".join(errors))

"""validate-cel: checks resources by rules in CEL, the language of Kubernetes' ValidatingAdmissionPolicy.

The configuration is such a policy as it is, or a ConfigMap with a rule in each entry. Without a configuration, the
policies among the resources are used. Nothing is changed. See docs/functions-engines.md.

The engine is the one of the extra `cel`; it is imported only when this function runs.
"""

from __future__ import annotations

from porch.function.builtin.validate_cel.policy import Policy, PolicyError, policies_of
from porch.function.interface import FunctionFailed, ResourceList
from porch.function.results import ERROR, Result

NAME = "validate-cel"
SORTS = False


def run(resources: ResourceList) -> None:
    try:
        policies = policies_of(resources)
    except PolicyError as error:
        resources.results.append(Result(str(error), ERROR))
        raise FunctionFailed(str(error)) from None
    _check(policies, resources)
    errors = sum(result.severity == ERROR for result in resources.results)
    if errors:
        raise FunctionFailed(f"{errors} violation{'s' if errors > 1 else ''} of policies")


def _check(policies: list[Policy], resources: ResourceList) -> None:
    from porch.function.builtin.validate_cel.check import Checker

    checker = Checker(resources.items)
    for policy in policies:
        resources.results += checker.check(policy)

"""set-enforcement-action: says what Gatekeeper does about violations of the package's policies: deny, warn or dryrun.

The functionConfig is a ConfigMap with `enforcementAction` alone.
"""

from __future__ import annotations

from porch.function.builtin._config import report
from porch.function.builtin._sdk import PATH
from porch.function.interface import FunctionFailed, ResourceList
from porch.function.results import ERROR, INFO, WARNING, FileRef, Result
from porch.kyaml import Node, annotation, get, put, require, text_of

NAME = "set-enforcement-action"
SORTS = False

_POLICY = "constraints.gatekeeper.sh/v1beta1"
_ACTIONS = ("deny", "warn", "dryrun")


def run(resources: ResourceList) -> None:
    action = _action(resources)
    changed = []
    for node in resources.items:
        name = text_of(node, "metadata", "name")
        if name and text_of(node, "kind") and text_of(node, "apiVersion") == _POLICY:
            _set(node, action)
            path = annotation(node, PATH) or annotation(node, "config.kubernetes.io/path") or ""
            changed.append(Result(f"Policy name: [{name}]", INFO, file=FileRef(path)))
    if changed:
        report(resources, f"Number of policies set to [{action}]: {len(changed)}", INFO)
        resources.results += changed
    else:
        report(resources, f"Found no policy to set to [{action}]", WARNING)


def _set(policy: Node, action: str) -> None:
    """The Go version fails for a policy without a spec, though it may have none."""
    spec = require(policy, "spec")
    old = get(spec, "enforcementAction")
    put(spec, "enforcementAction", Node("scalar", "", action, old.style if old is not None else ""))


def _action(resources: ResourceList) -> str:
    data = get(resources.config, "data") if resources.config is not None else None
    if data is None or len(data.content) != 2:
        raise _failure(resources, "expecting exactly 1 enforcementAction as part of the ConfigMap")
    action = text_of(data, "enforcementAction")
    if action not in _ACTIONS:
        wanted = " or ".join(f"[{action}]" for action in _ACTIONS)
        raise _failure(resources, f"expected values for enforcementAction are {wanted}")
    return action


def _failure(resources: ResourceList, why: str) -> FunctionFailed:
    report(resources, f"failed to process policies: {why}", ERROR)
    return FunctionFailed(why)

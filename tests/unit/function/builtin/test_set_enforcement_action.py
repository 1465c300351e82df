from __future__ import annotations

import pytest

from porch.function.builtin import set_enforcement_action
from porch.kyaml import emit
from tests.support.functions import config_map, documents, run_on

POLICY = """\
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sNoNodePort
metadata:
  name: no-node-port
spec:
  enforcementAction: "dryrun"
"""


def test_sets_the_action_of_policies_in_their_quotes() -> None:
    ran = run_on(set_enforcement_action, f"{POLICY}---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n", action())
    assert '    enforcementAction: "deny"\n' in ran.stdout
    assert [(result.severity, result.message) for result in ran.results] == [
        ("info", "Number of policies set to [deny]: 1"),
        ("info", "Policy name: [no-node-port]"),
    ]


def test_tells_the_file_of_a_policy() -> None:
    [item] = documents(POLICY, "p.yaml")
    file = run_on(set_enforcement_action, emit(item), action()).results[1].file
    assert file is not None
    assert file.path == "p.yaml"


def test_a_policy_without_a_spec_gets_one() -> None:
    ran = run_on(set_enforcement_action, POLICY.partition("spec:")[0], action())
    assert "  spec:\n    enforcementAction: deny\n" in ran.stdout


def test_warns_when_there_is_no_policy() -> None:
    ran = run_on(set_enforcement_action, POLICY.replace("v1beta1", "v1"), action())
    assert [(result.severity, result.message) for result in ran.results] == [
        ("warning", "Found no policy to set to [deny]")
    ]


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ("", "expecting exactly 1 enforcementAction as part of the ConfigMap"),
        (config_map(), "expecting exactly 1 enforcementAction as part of the ConfigMap"),
        (config_map(a="b", enforcementAction="deny"), "expecting exactly 1 enforcementAction as part of the ConfigMap"),
        (
            config_map(enforcementAction="stop"),
            "expected values for enforcementAction are [deny] or [warn] or [dryrun]",
        ),
    ],
)
def test_fails_for_another_configuration(config: str, why: str) -> None:
    ran = run_on(set_enforcement_action, POLICY, config)
    assert (ran.exit_code, ran.stderr) == (1, why)
    assert [(result.severity, result.message) for result in ran.results] == [
        ("error", f"failed to process policies: {why}")
    ]


def action() -> str:
    return config_map(enforcementAction="deny")

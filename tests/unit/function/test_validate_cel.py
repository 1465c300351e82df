"""validate-cel: rules in CEL, as ValidatingAdmissionPolicies or in a ConfigMap."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from porch.function.builtin import validate_cel
from porch.function.builtin.validate_cel import engine
from porch.function.interface import FunctionFailed, FunctionNotFound
from porch.kyaml import from_value
from tests.unit.function.resources import config_map, messages, resources, results_json

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {app: web, tier: front}
  annotations:
    internal.config.kubernetes.io/path: web.yaml
    internal.config.kubernetes.io/index: '1'
spec:
  replicas: 7
  template:
    spec:
      containers:
      - {name: a, image: registry.test/a:1, resources: {limits: {memory: 2Gi, cpu: 500m}}}
      - {name: b, image: other/b:latest}
"""
_SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}]}\n"
_NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: prod}}\n"


def policy(*validations: dict[str, Any], **spec: Any) -> Any:
    return from_value(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": "limits"},
            "spec": {"validations": list(validations), **spec},
        }
    )


def rule(expression: str, **more: str) -> dict[str, str]:
    return {"expression": expression, **more}


def found(config: Any, *texts: str) -> list[str]:
    """The messages, without what they are about."""
    given = resources(*(texts or (_DEPLOYMENT,)), config=config)
    messages(validate_cel, given)
    return [result.message for result in given.results]


def test_a_rule_that_holds_says_nothing() -> None:
    assert found(policy(rule("object.spec.replicas < 10"))) == []


def test_a_result_points_at_the_resource_and_names_the_policy() -> None:
    given = resources(
        _DEPLOYMENT, config=policy(rule("object.spec.replicas <= 5", message="too many", reason="Invalid"))
    )
    assert results_json(validate_cel, given) == [
        {
            "message": "too many",
            "severity": "error",
            "resourceRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop"},
            "file": {"path": "web.yaml", "index": 1},
            "tags": {"policy": "limits", "reason": "Invalid"},
        }
    ]


def test_messages_come_from_the_message_expression_then_the_message_then_the_expression() -> None:
    text = "object.spec.replicas <= 5"
    assert found(policy(rule(text))) == [f"failed expression: {text}"]
    dynamic = "'replicas: ' + string(object.spec.replicas)"
    assert found(policy(rule(text, messageExpression=dynamic, message="no"))) == ["replicas: 7"]
    assert found(policy(rule(text, messageExpression="object.nope", message="fallback"))) == ["fallback"]


@pytest.mark.parametrize(
    "expression",
    [
        "object.spec.template.spec.containers.all(c, !c.image.endsWith(':latest'))",
        "has(object.metadata.annotations)",
        "object.metadata.labels.exists(key, key == 'owner')",
        "object.spec.template.spec.containers.filter(c, c.image.startsWith('registry.test/')).size() == 2",
        "quantity(object.spec.template.spec.containers[0].resources.limits.memory).isLessThan(quantity('1Gi'))",
        "quantity('1000m') != quantity('1')",
        "object.spec.template.spec.containers.map(c, c.name).join(',') == 'x'",
        "object.?spec.?paused.orValue(false)",
        "object.metadata.name.matches('^[0-9]+$')",
        "object.metadata.name.find('[0-9]+') != ''",
        "sets.contains(['a'], object.spec.template.spec.containers.map(c, c.name))",
        "[1, 2, 3].sum() == 7",
        "oldObject != null || request.operation == 'UPDATE'",
        "namespaceObject != null",
    ],
)
def test_the_language_of_kubernetes_is_there(expression: str) -> None:
    assert found(policy(rule(expression))) == [f"failed expression: {expression}"]


def test_variables_build_on_each_other() -> None:
    variables = [
        {"name": "containers", "expression": "object.spec.template.spec.containers"},
        {"name": "count", "expression": "size(variables.containers)"},
    ]
    assert found(policy(rule("variables.count == 3"), variables=variables)) == [
        "failed expression: variables.count == 3"
    ]


def test_a_variable_without_a_value_matters_to_those_who_use_it() -> None:
    variables = [{"name": "bad", "expression": "object.nope"}]
    assert found(policy(rule("true"), variables=variables)) == []
    (message,) = found(policy(rule("variables.bad == 1"), variables=variables))
    assert message == (
        "expression 'variables.bad == 1' resulted in error: "
        'composited variable "bad" fails to evaluate: no such key: nope'
    )


def test_an_expression_without_a_value_is_an_error_unless_failures_are_ignored() -> None:
    failing = rule("object.spec.nope > 1")
    assert found(policy(failing)) == ["expression 'object.spec.nope > 1' resulted in error: no such key: nope"]
    assert found(policy(failing, failurePolicy="Ignore")) == []
    assert found(policy(rule("'text'"))) == ["expression ''text'' resulted in error: must evaluate to bool"]


def test_an_expression_that_does_not_compile_says_where() -> None:
    (message,) = found(policy(rule("object.spec.replicas >"), rule("true")))
    assert message.startswith("limits: spec.validations[0].expression: compilation failed: ERROR: <input>:1:23: ")
    (message,) = found(policy(rule("obj.spec == 1")))
    assert "undeclared reference to 'obj.spec'" in message


@pytest.mark.parametrize(
    ("constraints", "names"),
    [
        ({}, ["web", "s", "shop"]),
        ({"resourceRules": [{"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}]}, ["web"]),
        ({"resourceRules": [{"apiGroups": [""], "resources": ["*"]}]}, ["s", "shop"]),
        ({"resourceRules": [{"resources": ["services", "pods"], "operations": ["CREATE"]}]}, ["s"]),
        ({"resourceRules": [{"resources": ["*"], "operations": ["DELETE"]}]}, []),
        ({"resourceRules": [{"resources": ["*"], "resourceNames": ["s"]}]}, ["s"]),
        ({"excludeResourceRules": [{"resources": ["services"]}]}, ["web", "shop"]),
        ({"objectSelector": {"matchLabels": {"app": "web"}}}, ["web"]),
        ({"objectSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}, ["s", "shop"]),
        ({"namespaceSelector": {"matchLabels": {"env": "prod"}}}, ["web", "s", "shop"]),
        ({"namespaceSelector": {"matchLabels": {"env": "test"}}}, ["s"]),
    ],
)
def test_match_constraints_select(constraints: dict[str, Any], names: list[str]) -> None:
    given = resources(_DEPLOYMENT, _SERVICE, _NAMESPACE, config=policy(rule("false"), matchConstraints=constraints))
    messages(validate_cel, given)
    assert [result.resource_ref.name for result in given.results if result.resource_ref] == names


def test_match_conditions_select() -> None:
    conditions = [{"name": "few", "expression": "object.kind == 'Service'"}]
    given = policy(rule("false", message="no"), matchConditions=conditions)
    assert found(given, _DEPLOYMENT, _SERVICE) == ["no"]


def test_custom_kinds_have_the_plural_of_their_crd() -> None:
    crd = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"
        "spec: {group: e.test, names: {kind: Foo, plural: foozles}}\n"
    )
    constraints = {"resourceRules": [{"apiGroups": ["e.test"], "resources": ["foozles"]}]}
    item = "apiVersion: e.test/v1\nkind: Foo\nmetadata: {name: f}\n"
    assert found(policy(rule("false", message="no"), matchConstraints=constraints), crd, item) == ["no"]


def test_params_are_the_packages_one_resource_of_their_kind() -> None:
    given = policy(
        rule("object.spec.replicas <= int(params.data.most)", message="too many"),
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        matchConstraints={"resourceRules": [{"resources": ["deployments"]}]},
    )
    params = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {most: '5'}\n"
    assert found(given, _DEPLOYMENT, params) == ["too many"]
    assert found(given, _DEPLOYMENT) == ["limits: spec.paramKind: the package has 0 resources v1 ConfigMap, not one"]


def test_a_config_map_has_a_rule_in_each_entry() -> None:
    config = config_map(**{"few-replicas": "object.spec.replicas <= 5", "kinds": "Deployment, StatefulSet"})
    assert found(config, _DEPLOYMENT, _SERVICE) == ["few-replicas: failed expression: object.spec.replicas <= 5"]


def test_without_a_configuration_the_packages_policies_are_used() -> None:
    text = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: p}
spec:
  validations: [{expression: "object.kind != 'Service'", message: no services}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: b}
spec: {policyName: p, validationActions: [Warn]}
"""
    assert messages(validate_cel, resources(text, _SERVICE)) == ["[warning] v1/Service/s: no services"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "no rules: give a functionConfig, or put a ValidatingAdmissionPolicy into the package"),
        (config_map(), "the ConfigMap has no rules: each entry of its data is a name and a CEL expression"),
        (policy(), "ValidatingAdmissionPolicy: spec.validations is empty"),
        (policy({"message": "x"}), "ValidatingAdmissionPolicy: spec.validations[0].expression is missing"),
        (
            from_value({"apiVersion": "v1", "kind": "Secret"}),
            "functionConfig must be a ConfigMap or a ValidatingAdmissionPolicy, but it is v1, Kind=Secret",
        ),
    ],
)
def test_a_configuration_that_cannot_be_used_says_why(config: Any, message: str) -> None:
    assert found(config, _SERVICE) == [message]


def test_kptfiles_and_configurations_are_not_checked() -> None:
    assert found(policy(rule("false")), "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: k}\n") == []


def test_failing_says_how_many_violations_there_are() -> None:
    with pytest.raises(FunctionFailed, match=r"^2 violations of policies$"):
        validate_cel.run(resources(_SERVICE, config=policy(rule("false"), rule("false"))))


def test_the_engine_is_imported_only_when_it_is_used() -> None:
    code = "import sys, porch.function.builtin.validate_cel; sys.exit('cel_expr_python' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_engine_the_function_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python.cel", None)
    engine._environment.cache_clear()
    engine.compiled.cache_clear()
    with pytest.raises(FunctionNotFound, match=r"its engine is missing: pip install porch\[cel\]"):
        validate_cel.run(resources(_SERVICE, config=policy(rule("false"))))

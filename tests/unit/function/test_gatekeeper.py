"""gatekeeper: ConstraintTemplates and constraints among the resources, against the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from porch.function.builtin import gatekeeper
from porch.function.interface import FunctionFailed, FunctionNotFound
from porch.kyaml import emit, from_value
from tests.unit.function.resources import messages, resources, results_json

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {app: web}
  annotations: {internal.config.kubernetes.io/path: web.yaml, internal.config.kubernetes.io/index: '1'}
spec:
  replicas: 7
  template:
    spec:
      containers:
      - {name: a, image: 'registry.test/a:1', resources: {limits: {cpu: 500m}}}
      - {name: b, image: 'other/b:latest'}
"""
_REQUIRED_LABELS = """
package requiredlabels

get_message(parameters, _default) = msg {
  not parameters.message
  msg := _default
}

get_message(parameters, _default) = msg {
  msg := parameters.message
}

violation[{"msg": msg, "details": {"missing_labels": missing}}] {
  provided := {label | input.review.object.metadata.labels[label]}
  required := {label | label := input.parameters.labels[_].key}
  missing := required - provided
  count(missing) > 0
  def_msg := sprintf("you must provide labels: %v", [missing])
  msg := get_message(input.parameters, def_msg)
}

violation[{"msg": msg}] {
  value := input.review.object.metadata.labels[key]
  expected := input.parameters.labels[_]
  expected.key == key
  expected.allowedRegex != ""
  not re_match(expected.allowedRegex, value)
  msg := sprintf("label <%v: %v> does not satisfy %v", [key, value, expected.allowedRegex])
}
"""
_ALLOWED_REPOSITORIES = """
package allowedrepos

violation[{"msg": msg}] {
  container := input_containers[_]
  satisfied := [good | repo = input.parameters.repos[_] ; good = startswith(container.image, repo)]
  not any(satisfied)
  repos := input.parameters.repos
  msg := sprintf("container <%v> has an invalid image <%v>, allowed are %v", [container.name, container.image, repos])
}

input_containers[c] { c := input.review.object.spec.template.spec.containers[_] }
input_containers[c] { c := input.review.object.spec.template.spec.initContainers[_] }
"""
_LIMITS = """
package limits

missing(obj, field) = true { not obj[field] }
missing(obj, field) = true { obj[field] == "" }

cpu(orig) = new { is_number(orig); new := orig * 1000 }
cpu(orig) = new { not is_number(orig); endswith(orig, "m"); new := to_number(replace(orig, "m", "")) }
cpu(orig) = new {
  not is_number(orig)
  not endswith(orig, "m")
  re_match("^[0-9]+$", orig)
  new := to_number(orig) * 1000
}

violation[{"msg": msg}] {
  container := input.review.object.spec.template.spec.containers[_]
  missing(container.resources, "limits")
  msg := sprintf("container <%v> has no limits", [container.name])
}

violation[{"msg": msg}] {
  container := input.review.object.spec.template.spec.containers[_]
  not container.resources
  msg := sprintf("container <%v> has no resources", [container.name])
}

violation[{"msg": msg}] {
  container := input.review.object.spec.template.spec.containers[_]
  limit := container.resources.limits.cpu
  cpu(limit) > cpu(input.parameters.cpu)
  msg := sprintf("container <%v> cpu limit <%v> is higher than %v", [container.name, limit, input.parameters.cpu])
}
"""
_UNIQUE_HOST = """
package uniquehost

identical(obj, review) {
  obj.metadata.namespace == review.object.metadata.namespace
  obj.metadata.name == review.object.metadata.name
}

violation[{"msg": msg}] {
  host := input.review.object.spec.rules[_].host
  other := data.inventory.namespace[_][version]["Ingress"][_]
  re_match("^(extensions|networking.k8s.io)/.+$", version)
  other.spec.rules[_].host == host
  not identical(other, input.review)
  msg := sprintf("ingress host conflicts with %v in %v", [other.metadata.name, other.metadata.namespace])
}
"""
_NEW_SYNTAX = """
package newsyntax

import rego.v1

violation contains {"msg": msg} if {
  some container in input.review.object.spec.template.spec.containers
  not endswith(container.image, ":1")
  every part in ["tag"] { part != "" }
  msg := sprintf("%v of %v", [container.image, input.review.object.metadata.name])
}
"""


def template(rego: str, kind: str = "Rule", **target: Any) -> str:
    spec = {
        "crd": {"spec": {"names": {"kind": kind}}},
        "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": rego, **target}],
    }
    return as_text("templates.gatekeeper.sh/v1", "ConstraintTemplate", kind.lower(), spec)


def constraint(parameters: Any = None, kind: str = "Rule", name: str = "c", **spec: Any) -> str:
    return as_text("constraints.gatekeeper.sh/v1beta1", kind, name, {"parameters": parameters or {}, **spec})


def as_text(version: str, kind: str, name: str, spec: Any) -> str:
    return emit(from_value({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}))


def found(*texts: str) -> list[str]:
    given = resources(*texts)
    messages(gatekeeper, given)
    return [result.message.removesuffix("\nviolatedConstraint: c") for result in given.results]


def test_a_result_points_at_the_resource_and_names_the_constraint() -> None:
    given = resources(
        template(_REQUIRED_LABELS), constraint({"labels": [{"key": "owner"}, {"key": "app"}]}), _DEPLOYMENT
    )
    assert results_json(gatekeeper, given) == [
        {
            "message": 'you must provide labels: {"owner"}\nviolatedConstraint: c',
            "severity": "error",
            "resourceRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop"},
            "file": {"path": "web.yaml", "index": 1},
        }
    ]


def test_required_labels() -> None:
    rule = template(_REQUIRED_LABELS)
    assert found(rule, constraint({"labels": [{"key": "app", "allowedRegex": "^[a-z]+$"}]}), _DEPLOYMENT) == []
    assert found(rule, constraint({"labels": [{"key": "app", "allowedRegex": "^[0-9]+$"}]}), _DEPLOYMENT) == [
        "label <app: web> does not satisfy ^[0-9]+$"
    ]
    assert found(rule, constraint({"labels": [{"key": "a"}], "message": "ask the owner"}), _DEPLOYMENT) == [
        "ask the owner"
    ]


def test_allowed_repositories() -> None:
    given = (template(_ALLOWED_REPOSITORIES), constraint({"repos": ["registry.test/"]}), _DEPLOYMENT)
    assert found(*given) == [
        'container <b> has an invalid image <other/b:latest>, allowed are ["registry.test/"]',
    ]


def test_limits_of_containers() -> None:
    given = (template(_LIMITS), constraint({"cpu": "200m"}), _DEPLOYMENT)
    assert found(*given) == [
        "container <a> cpu limit <500m> is higher than 200m",
        "container <b> has no resources",
    ]
    assert found(template(_LIMITS), constraint({"cpu": "1"}), _DEPLOYMENT) == ["container <b> has no resources"]


def test_other_resources_are_the_inventory() -> None:
    ingress = (
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: n}}\n"
        "spec: {{rules: [{{host: {host}}}]}}\n"
    )
    given = [ingress.format(name=name, host=host) for name, host in (("a", "x.test"), ("b", "x.test"), ("c", "y.test"))]
    assert found(template(_UNIQUE_HOST), constraint(), *given) == [
        "ingress host conflicts with b in n",
        "ingress host conflicts with a in n",
    ]


def test_new_syntax_by_its_import_or_by_the_version() -> None:
    assert found(template(_NEW_SYNTAX), constraint(), _DEPLOYMENT) == ["other/b:latest of web"]
    source = {"rego": _NEW_SYNTAX.replace("import rego.v1", ""), "version": "v1"}
    code = template("", code=[{"engine": "K8sNativeValidation"}, {"engine": "Rego", "source": source}])
    assert found(code, constraint(), _DEPLOYMENT) == ["other/b:latest of web"]


def test_libraries_of_a_template() -> None:
    lib = "package lib.helpers\n\nis_large(object) { object.spec.replicas > 5 }\n"
    rego = (
        "package p\n\nimport data.lib.helpers\n\n"
        'violation[{"msg": msg}] { helpers.is_large(input.review.object); msg := "large" }\n'
    )
    assert found(template(rego, libs=[lib]), constraint(), _DEPLOYMENT) == ["large"]


_ALWAYS = 'package p\n\nviolation[{"msg": msg}] { msg := input.review.name }\n'


@pytest.mark.parametrize(
    ("action", "severity"), [("deny", "error"), ("warn", "warning"), ("dryrun", "info"), ("", "error")]
)
def test_the_enforcement_action_is_the_severity(action: str, severity: str) -> None:
    given = resources(template(_ALWAYS), constraint(enforcementAction=action), _DEPLOYMENT)
    assert messages(gatekeeper, given) == [
        f"[{severity}] apps/v1/Deployment/shop/web: web\nviolatedConstraint: c",
    ]


@pytest.mark.parametrize(
    ("match", "names"),
    [
        ({}, ["prod", "shop", "web"]),
        ({"kinds": [{"apiGroups": ["apps"], "kinds": ["Deployment"]}]}, ["web"]),
        ({"kinds": [{"apiGroups": ["*"], "kinds": ["Namespace"]}]}, ["prod", "shop"]),
        ({"namespaces": ["sh*"]}, ["shop", "web"]),
        ({"namespaces": ["other"]}, []),
        ({"excludedNamespaces": ["*op"]}, ["prod"]),
        ({"scope": "Namespaced"}, ["web"]),
        ({"scope": "Cluster"}, ["prod", "shop"]),
        ({"name": "we*"}, ["web"]),
        ({"labelSelector": {"matchLabels": {"app": "web"}}}, ["web"]),
        (
            {"labelSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}},
            ["prod", "shop"],
        ),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "env", "operator": "In", "values": ["p"]}]}},
            ["shop", "web"],
        ),
    ],
)
def test_match_selects(match: dict[str, Any], names: list[str]) -> None:
    namespaces = (
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: p}}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n",
    )
    assert sorted(found(template(_ALWAYS), constraint(match=match), _DEPLOYMENT, *namespaces)) == names


def test_results_are_sorted_by_file_then_severity() -> None:
    other = _DEPLOYMENT.replace("web.yaml", "a.yaml").replace("name: web", "name: other")
    texts = (
        template(_ALWAYS),
        constraint(name="w", enforcementAction="warn"),
        constraint(name="e"),
        _DEPLOYMENT,
        other,
    )
    assert [each.rpartition(" ")[2] for each in messages(gatekeeper, resources(*texts))] == ["e", "w", "e", "w"]


def test_policies_kptfiles_and_packages_without_policies_pass() -> None:
    assert found(_DEPLOYMENT) == []
    assert found(template(_ALWAYS), constraint(), "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: k}\n") == []


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ((constraint(),), 'constraint "c": no ConstraintTemplate in the package defines kind Rule'),
        ((template(" "),), 'ConstraintTemplate "rule": its target has no rego'),
        (
            (template("", code=[{"engine": "K8sNativeValidation"}]),),
            'ConstraintTemplate "rule": the engine K8sNativeValidation is not supported, only Rego',
        ),
    ],
)
def test_a_policy_that_cannot_be_used_says_why(texts: tuple[str, ...], message: str) -> None:
    assert found(*texts, _DEPLOYMENT) == [message]


def test_rego_that_cannot_be_read_says_where() -> None:
    (message,) = found(template("package p\n\nviolation[{"), constraint(), _DEPLOYMENT)
    assert message.startswith('ConstraintTemplate "rule": --> rule:3:')
    assert "backtrace" not in message


@pytest.mark.parametrize(
    "call", ['http.send({"method": "get", "url": "http://localhost:1"}).status_code', "opa.runtime().env.PATH"]
)
def test_rego_reaches_no_network_and_nothing_of_the_server(call: str) -> None:
    rego = f'package p\n\nviolation[{{"msg": msg}}] {{ msg := sprintf("%v", [{call}]) }}\n'
    assert found(template(rego), constraint(), _DEPLOYMENT) == []


def test_failing_tells_the_violations() -> None:
    with pytest.raises(FunctionFailed, match=r"^\[error\] apps/v1/Deployment/shop/web: web\nviolatedConstraint: c$"):
        gatekeeper.run(resources(template(_ALWAYS), constraint(), _DEPLOYMENT))


def test_the_engine_is_imported_only_when_it_is_used() -> None:
    code = "import sys, json, porch.function.builtin.gatekeeper; print(json.dumps('regorus' in sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert json.loads(out) is False


def test_without_the_engine_the_function_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "regorus", None)
    with pytest.raises(FunctionNotFound, match=r"its engine is missing: pip install porch\[gatekeeper\]"):
        gatekeeper.run(resources(template(_ALWAYS), constraint(), _DEPLOYMENT))

"""kubeconform and kubeval: resources against the schemas of their kinds, without any network."""

from __future__ import annotations

import pytest

from porch.function.builtin import kubeconform, kubeval
from tests.unit.function.resources import config_map, messages, resources, results_json

_BOB = """
apiVersion: v1
kind: ReplicationController
metadata:
  name: bob
  namespace: shop
  annotations:
    internal.config.kubernetes.io/path: app/bob.yaml
    internal.config.kubernetes.io/index: '2'
spec:
  replicas: asdf
  selector: {app: nginx}
  templates: {}
"""
_BOB_NAME = "[error] v1/ReplicationController/shop/bob"
_SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, labels: {a: b}}
spec:
  ports:
  - {port: 80, targetPort: http}
  - {port: 81, targetPort: 8081}
  selector: {app: web}
"""
_CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.test}
spec:
  group: example.test
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [size, name]
            properties:
              size: {type: integer, minimum: 1, maximum: 5}
              name: {type: string, pattern: '^[a-z]+$', maxLength: 3}
              mode: {type: string, enum: [fast, slow], nullable: true}
              port: {x-kubernetes-int-or-string: true}
              ratio: {type: number, multipleOf: 2}
              when: {type: string, format: date-time}
              tags: {type: array, maxItems: 1, uniqueItems: true, items: {type: string}}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: string}}}
              one: {oneOf: [{required: [a]}, {required: [b]}], type: object, x-kubernetes-preserve-unknown-fields: true}
"""


def _widget(spec: str) -> str:
    return f"apiVersion: example.test/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {spec}\n"


def test_valid_resources_pass() -> None:
    assert messages(kubeconform, resources(_SERVICE, config=config_map(strict="true"))) == []


def test_a_result_says_which_resource_which_field_and_which_file() -> None:
    assert results_json(kubeconform, resources(_BOB))[0] == {
        "message": "got string, want null or integer",
        "severity": "error",
        "resourceRef": {"apiVersion": "v1", "kind": "ReplicationController", "name": "bob", "namespace": "shop"},
        "field": {"path": "spec.replicas"},
        "file": {"path": "app/bob.yaml", "index": 2},
    }


def test_unknown_fields_are_errors_when_strict() -> None:
    found = messages(kubeconform, resources(_BOB, config=config_map(strict="true")))
    assert found == [
        "[error] v1/ReplicationController/shop/bob spec.replicas: got string, want null or integer",
        "[error] v1/ReplicationController/shop/bob spec: additional properties 'templates' not allowed",
    ]


def test_kubeval_has_its_own_words() -> None:
    found = messages(kubeval, resources(_BOB, config=config_map(strict="1")))
    assert found == [
        f"{_BOB_NAME} spec.replicas: Invalid type. Expected: [integer,null], given: string",
        f"{_BOB_NAME} spec: Additional property templates is not allowed",
    ]


def test_missing_fields_are_named() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 1}\n"
    found = messages(kubeconform, resources(text))
    assert found == ["[error] apps/v1/Deployment/d spec: missing properties 'selector', 'template'"]
    assert [each.partition(": ")[2] for each in messages(kubeval, resources(text))] == [
        "selector is required",
        "template is required",
    ]


def test_a_kind_without_a_schema_is_an_error_that_says_what_to_do() -> None:
    (found,) = messages(kubeconform, resources(_widget("{}")))
    assert found == (
        "[error] example.test/v1/Widget/w: Validating arbitrary CRDs not supported. Consider setting "
        "ignore_missing_schemas or skip_kinds in FunctionConfig:\ncould not find schema for Widget"
    )


@pytest.mark.parametrize("setting", [{"ignore_missing_schemas": "True"}, {"skip_kinds": "A, Widget"}])
def test_a_kind_without_a_schema_may_be_left_out(setting: dict[str, str]) -> None:
    assert messages(kubeconform, resources(_widget("{}"), config=config_map(**setting))) == []


def test_what_is_not_for_clusters_is_left_out() -> None:
    kptfile = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: {name: p}\n"
    assert messages(kubeconform, resources(kptfile, "apiVersion: fn.kpt.dev/v1alpha1\nkind: StarlarkRun\n")) == []


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{size: 9, name: ab}", "spec.size: maximum: got 9, want 5"),
        ("{size: 1, name: A}", "spec.name: 'A' does not match pattern '^[a-z]+$'"),
        ("{size: 1, name: abcd}", "spec.name: maxLength: got 4, want 3"),
        ("{size: 1, name: a, mode: odd}", "spec.mode: value must be one of 'fast', 'slow'"),
        ("{size: 1, name: a, port: true}", "spec.port: got boolean, want integer or string"),
        ("{size: 1, name: a, ratio: 3}", "spec.ratio: 3 is not a multiple of 2"),
        ("{size: 1, name: a, when: soon}", "spec.when: 'soon' is not valid date-time"),
        ("{size: 1, name: a, tags: [a, 1]}", "spec.tags.1: got number, want string"),
        ("{size: 1, name: a, tags: [a, a]}", "spec.tags: items at 0 and 1 are equal"),
        ("{size: 1, name: a, one: {a: 1, b: 2}}", "spec.one: oneOf failed, subschemas 0, 1 matched"),
        ("{size: 1, name: a, one: {}}", "spec.one: oneOf failed, none matched"),
        ("{size: 1, name: a, sise: 1}", "spec: additional properties 'sise' not allowed"),
        ("[]", "spec: got array, want object"),
    ],
)
def test_a_crd_of_the_package_is_the_schema_of_its_kind(spec: str, message: str) -> None:
    found = messages(kubeconform, resources(_CRD, _widget(spec), config=config_map(strict="true")))
    assert f"[error] example.test/v1/Widget/w {message}" in found


def test_what_the_crd_allows_passes() -> None:
    spec = "{size: 1.0, name: a, mode: null, port: http, free: {x: 1}, when: 2024-01-01T00:00:00Z, one: {a: 1}}"
    assert messages(kubeconform, resources(_CRD, _widget(spec), config=config_map(strict="true"))) == []


@pytest.mark.parametrize("key", ["schema_location", "additional_schema_locations"])
@pytest.mark.parametrize("location", ["https://example.test/schemas", "/etc", "file:///etc/{{.Kind}}.json"])
def test_no_network_and_no_file_is_reached(key: str, location: str) -> None:
    (found,) = results_json(kubeconform, resources(_SERVICE, config=config_map(**{key: location})))
    assert found["message"].startswith(f"{key} {location}: functions here reach no network and no files; leave it out")
    assert found["field"] == {"path": f"data.{key}"}


def test_a_resource_with_a_key_twice_is_an_error() -> None:
    (found,) = messages(kubeconform, resources("apiVersion: v1\nkind: Pod\nkind: Pod\n"))
    assert "duplicate keys" in found

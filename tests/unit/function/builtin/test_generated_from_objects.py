"""enable-gcp-services and annotate-apply-time-mutations: what they make of the objects that steer them."""

from __future__ import annotations

import pytest

from porch.function.builtin import annotate_apply_time_mutations, enable_gcp_services
from porch.function.interface import FunctionFailed, NativeFunction, ResourceList
from porch.kyaml import emit, parse

OWNER = "blueprints.cloud.google.com/ownerReference: 'blueprints.cloud.google.com/ProjectServiceSet/set'"
SET = """\
apiVersion: blueprints.cloud.google.com/v1alpha1
kind: ProjectServiceSet
metadata:
  name: set
  namespace: ns
  annotations:
    cnrm.cloud.google.com/disable-dependent-services: "false"
    config.kubernetes.io/path: 'dir/set.yaml'
    internal.config.kubernetes.io/path: 'dir/set.yaml'
spec:
  services:
  - compute.googleapis.com
  projectID: test
"""
SERVICE = """\
apiVersion: serviceusage.cnrm.cloud.google.com/v1beta1
kind: Service
metadata:
  name: set-{name}
  namespace: ns
  annotations:
    {owner}
    internal.config.kubernetes.io/path: 'old.yaml'
"""


def run(function: NativeFunction, *texts: str) -> tuple[list[str], list[str], ResourceList]:
    resources = ResourceList([parse(text)[0] for text in texts])
    function.run(resources)
    return [emit(item) for item in resources.items], [result.message for result in resources.results], resources


def test_a_service_object_is_made_for_each_service() -> None:
    (services, made), messages, resources = run(enable_gcp_services, SET)
    assert "    config.kubernetes.io/local-config: 'true'\n" in services
    assert (
        made
        == f"""\
apiVersion: serviceusage.cnrm.cloud.google.com/v1beta1
kind: Service
metadata:
  name: set-compute
  annotations:
    cnrm.cloud.google.com/disable-dependent-services: 'false'
    {OWNER}
    internal.config.kubernetes.io/path: 'dir/ns/service_set-compute.yaml'
    config.kubernetes.io/path: 'dir/ns/service_set-compute.yaml'
  namespace: ns
spec:
  resourceID: compute.googleapis.com
  projectRef:
    external: test
"""
    )
    assert messages == ["generated service"]
    assert resources.results[0].file
    assert resources.results[0].file.path == "dir/ns/service_set-compute.yaml"


def test_what_the_set_made_before_is_replaced_or_removed() -> None:
    old = [SERVICE.format(name=name, owner=OWNER) for name in ("compute", "redis")]
    items, messages, _ = run(enable_gcp_services, SET, *old)
    assert len(items) == 2
    assert messages == ["recreated service", "pruned service"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("- compute.googleapis.com", "- compute", "invalid service specified: compute"),
        ("  - compute.googleapis.com\n", "", "at least one service must be specified under `spec.services[]`"),
    ],
)
def test_a_wrong_set_is_refused(old: str, new: str, problem: str) -> None:
    with pytest.raises(FunctionFailed) as failed:
        run(enable_gcp_services, SET.replace(old, new))
    assert failed.value.stderr == f"{problem}{problem}\n"


REFERENCE = "${foo.bar/v0/namespaces/ns/Other/o:$.status.count}"
TARGET = """\
apiVersion: bar.foo/v1
kind: Thing
metadata:
  name: t
  namespace: n
spec:
  a: 0 # apply-time-mutation: {comment}
"""


def test_a_comment_becomes_an_annotation() -> None:
    (item,), messages, resources = run(annotate_apply_time_mutations, TARGET.replace("{comment}", REFERENCE))
    assert (
        "\n".join(item.splitlines()[5:14])
        == """\
  annotations:
    config.kubernetes.io/apply-time-mutation: |
      - sourcePath: $.status.count
        sourceRef:
          apiVersion: foo.bar/v0
          kind: Other
          name: o
          namespace: ns
        targetPath: $.spec.a"""
    )
    assert messages == [
        f"Found valid apply-time-mutation comment (item: 0): # apply-time-mutation: {REFERENCE}",
        "Wrote apply-time-mutation annotation (item: 0)",
    ]
    field = resources.results[0].field
    assert field
    assert (field.path, field.current_value) == ("$.spec.a", 0)


def test_a_comment_with_more_text_becomes_the_value_with_a_token() -> None:
    (item,), _, _ = run(annotate_apply_time_mutations, TARGET.replace("{comment}", f"x-{REFERENCE}"))
    assert "  a: x-${ref0} # apply-time-mutation" in item
    assert "        token: ${ref0}\n" in item


def test_an_object_tells_the_substitutions_of_another_one() -> None:
    mutation = """\
apiVersion: fn.kpt.dev/v1alpha1
kind: ApplyTimeMutation
metadata:
  name: m
spec:
  targetRef: {kind: Thing, group: bar.foo, name: t, namespace: n}
  substitutions:
  - sourceRef: {kind: ConfigMap, name: s}
    sourcePath: $.data.a
    targetPath: $.spec.a
"""
    items, messages, _ = run(
        annotate_apply_time_mutations, mutation, TARGET.replace(" # apply-time-mutation: {comment}", "")
    )
    assert "          name: s\n        targetPath: $.spec.a\n" in items[1]
    assert messages == [
        "Found valid ApplyTimeMutation object (item: 0)",
        "Wrote apply-time-mutation annotation (item: 1)",
    ]


def test_a_comment_without_a_reference_is_an_error_of_its_object() -> None:
    _, messages, resources = run(annotate_apply_time_mutations, TARGET.replace("{comment}", "${x}"))
    assert messages == [
        "Error scanning object (item: 0): apply mutation comment found with no valid reference to source path"
    ]
    assert resources.results[0].severity == "error"

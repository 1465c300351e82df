"""set-annotations, ensure-name-substring and upsert-resource where no stored output of the Go versions shows it."""

from __future__ import annotations

from typing import Any

import pytest

from porch.function.builtin import ensure_name_substring, set_annotations, upsert_resource
from porch.function.interface import FunctionFailed, NativeFunction, ResourceList
from porch.kyaml import Node, emit, from_value, parse, text_of, to_value


def config(**data: str) -> Node:
    return from_value({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})


def run(function: NativeFunction, text: str, given: Node, *, compatible: bool = True) -> str:
    items = [parse(part)[0] for part in text.split("---\n")]
    resources = ResourceList(items, given, compatible=compatible)
    function.run(resources)
    return "---\n".join(emit(item) for item in resources.items)


def names(text: str) -> list[str]:
    return [text_of(parse(part)[0], "metadata", "name") for part in text.split("---\n")]


def objects(*values: dict[str, Any]) -> str:
    return "---\n".join(emit(from_value(value)) for value in values)


def thing(kind: str, name: str, **more: Any) -> dict[str, Any]:
    version = more.pop("apiVersion", "v1")
    metadata = {"name": name, **({"namespace": more.pop("namespace")} if "namespace" in more else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


# set-annotations

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: d
spec:
  template:
    metadata:
      annotations:
        k: 'old'
"""


@pytest.mark.parametrize(
    ("value", "written"),
    [("yes", '"yes"'), ("5", '"5"'), ("a: b", '"a: b"'), ("plain", "plain"), ("# x", '"# x"'), ("1:30", "1:30")],
)
def test_what_a_reader_of_yaml_1_1_takes_for_no_string_is_quoted(value: str, written: str) -> None:
    assert f"    k: {written}\n" in run(set_annotations, objects(thing("Pod", "p")), config(k=value))


def test_a_new_annotation_takes_the_quotes_of_the_last_one_replaced() -> None:
    assert run(set_annotations, DEPLOYMENT, config(k="new")).count("k: 'new'") == 2
    better = run(set_annotations, DEPLOYMENT, config(k="new"), compatible=False)
    assert (better.count("k: 'new'"), better.count("k: new")) == (1, 1)


def test_an_object_may_be_in_the_package_twice_when_we_need_not_be_compatible() -> None:
    twice = objects(thing("ConfigMap", "a"), thing("ConfigMap", "a"))
    with pytest.raises(FunctionFailed, match=r"already registered id: ~G_v1_ConfigMap\|~X\|a"):
        run(set_annotations, twice, config(k="v"))
    assert run(set_annotations, twice, config(k="v"), compatible=False).count("k: v") == 2


def test_a_wrong_type_in_the_config_is_told_in_the_words_of_go() -> None:
    given = from_value(
        {
            "apiVersion": "fn.kpt.dev/v1alpha1",
            "kind": "SetAnnotations",
            "metadata": {"name": "x"},
            "annotations": {"a": 1},
        }
    )
    with pytest.raises(FunctionFailed) as failed:
        run(set_annotations, objects(thing("Pod", "p")), given)
    assert failed.value.stderr.endswith(
        "error unmarshaling JSON: while decoding JSON: "
        "json: cannot unmarshal number into Go struct field plugin.annotations of type string"
    )


def test_a_field_in_a_list_is_set_in_all_its_items() -> None:
    given = from_value(
        {
            "apiVersion": "fn.kpt.dev/v1alpha1",
            "kind": "SetAnnotations",
            "metadata": {"name": "x"},
            "annotations": {"a": "b"},
            "additionalAnnotationFields": [{"kind": "Pod", "path": "spec/list/annotations", "create": True}],
        }
    )
    pod = thing("Pod", "p", spec={"list": [{"n": 1}, {"n": 2, "annotations": None}]})
    item = to_value(parse(run(set_annotations, objects(pod), given))[0])
    assert [entry["annotations"] for entry in item["spec"]["list"]] == [{"a": "b"}, {"a": "b"}]


def test_a_field_below_a_text_is_an_error() -> None:
    with pytest.raises(FunctionFailed, match="considering field 'spec/template/metadata/annotations' of object"):
        run(set_annotations, objects(thing("Deployment", "d", apiVersion="apps/v1", spec="x")), config(k="v"))


# ensure-name-substring


def test_references_follow_the_object_of_their_own_namespace() -> None:
    text = objects(
        thing("Secret", "s", namespace="one"),
        thing("Secret", "dev-s", namespace="two"),
        thing("Pod", "p", namespace="one", spec={"imagePullSecrets": [{"name": "s"}]}),
        thing("Pod", "q", namespace="two", spec={"imagePullSecrets": [{"name": "s"}]}),
    )
    done = run(ensure_name_substring, text, config(prepend="dev-"))
    assert names(done) == ["dev-s", "dev-s", "dev-p", "dev-q"]
    pods = [to_value(parse(part)[0])["spec"]["imagePullSecrets"][0]["name"] for part in done.split("---\n")[2:]]
    assert pods == ["dev-s", "s"]


def test_a_role_is_told_from_a_cluster_role_of_the_same_name() -> None:
    rbac = "rbac.authorization.k8s.io/v1"
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    text = objects(
        thing("Role", "view", apiVersion=rbac),
        thing("RoleBinding", "b", apiVersion=rbac, roleRef=reference, subjects=[]),
    )
    done = run(ensure_name_substring, text, config(append="-x"))
    assert to_value(parse(done.split("---\n")[1])[0])["roleRef"]["name"] == "view"


def test_a_dependency_on_what_keeps_its_name_is_changed_as_in_go() -> None:
    annotations = {"config.kubernetes.io/depends-on": "/Namespace/n"}
    service = thing("Service", "s")
    service["metadata"]["annotations"] = annotations
    text = objects(thing("Namespace", "n"), service)
    assert "depends-on: /Namespace/x-n\n" in run(ensure_name_substring, text, config(prepend="x-"))
    assert "depends-on: /Namespace/n\n" in run(ensure_name_substring, text, config(prepend="x-"), compatible=False)


def test_the_package_context_is_renamed_as_in_go() -> None:
    text = objects(thing("ConfigMap", "kptfile.kpt.dev"))
    assert names(run(ensure_name_substring, text, config(prepend="x-"))) == ["x-kptfile.kpt.dev"]
    assert names(run(ensure_name_substring, text, config(prepend="x-"), compatible=False)) == ["kptfile.kpt.dev"]


def test_an_unknown_mode_is_refused_when_we_need_not_be_compatible() -> None:
    given = from_value(
        {
            "apiVersion": "fn.kpt.dev/v1alpha1",
            "kind": "EnsureNameSubstring",
            "metadata": {"name": "e"},
            "substring": "a",
            "editMode": "middle",
        }
    )
    with pytest.raises(FunctionFailed, match="unknown editMode: middle, only prepend and append are allowed"):
        run(ensure_name_substring, objects(thing("Pod", "p")), given, compatible=False)


def test_anchors_in_annotations_keep_their_aliases() -> None:
    text = """\
apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations: &all
    b: &b 'v'
    a: *b
spec:
  x: *b
  y: *all
"""
    done = run(ensure_name_substring, text, config(prepend="x-"))
    assert to_value(parse(done)[0])["spec"] == {"x": "v", "y": {"a": "v", "b": "v"}}


# upsert-resource


def test_a_resource_of_the_package_that_is_upserted_does_not_bring_its_own_place() -> None:
    item = thing("ConfigMap", "a")
    item["metadata"]["annotations"] = {
        "internal.config.kubernetes.io/path": "a.yaml",
        "internal.config.kubernetes.io/index": "1",
    }
    given = thing("ConfigMap", "a", data={"k": "v"})
    given["metadata"]["annotations"] = {
        "config.kubernetes.io/path": "fn.yaml",
        "internal.config.kubernetes.io/path": "fn.yaml",
        "internal.config.kubernetes.io/id": "7",
        "own": "x",
    }
    written = to_value(parse(run(upsert_resource, objects(item), from_value(given)))[0])
    assert written["metadata"]["annotations"] == {
        "config.kubernetes.io/index": "1",
        "config.kubernetes.io/path": "a.yaml",
        "internal.config.kubernetes.io/index": "1",
        "internal.config.kubernetes.io/path": "a.yaml",
        "own": "x",
    }

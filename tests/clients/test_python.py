"""The official Python client: typed and dynamic, patching, watching, informing."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.informer import SharedInformer

from tests.support.server import SECONDS, Server
from tests.wire.space import DOTTED, REVISIONS, Space, repository, revision

_PORCH, _CONFIG = ("porch.kpt.dev", "v1alpha1"), ("config.porch.kpt.dev", "v1alpha1")


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(str(server.kubeconfig)) as connected:
        yield connected


@pytest.fixture
def core(connection: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(connection)


@pytest.fixture
def custom(connection: client.ApiClient) -> client.CustomObjectsApi:
    return client.CustomObjectsApi(connection)


def test_namespaces(core: client.CoreV1Api, empty: Space) -> None:
    name = f"{empty.namespace}-more"
    made = core.create_namespace({"metadata": {"name": name, "labels": {"a": "b"}}})
    assert (made.metadata.name, made.status.phase) == (name, "Active")
    assert [item.metadata.name for item in core.list_namespace(label_selector="a=b").items] == [name]
    core.delete_namespace(name)
    with pytest.raises(ApiException) as refusal:
        core.read_namespace(f"{name}-none")
    assert (refusal.value.status, refusal.value.reason) == (404, "Not Found")


def test_config_maps_with_patches_of_both_kinds(core: client.CoreV1Api, empty: Space) -> None:
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="c"), data={"a": "1"})
    made = core.create_namespaced_config_map(empty.namespace, body)
    core.patch_namespaced_config_map("c", empty.namespace, {"data": {"b": "2"}})
    patch = [{"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/data/a"}]
    assert core.patch_namespaced_config_map("c", empty.namespace, patch).data == {"b": "2"}
    with pytest.raises(ApiException) as refusal:
        core.replace_namespaced_config_map("c", empty.namespace, made)
    assert (refusal.value.status, '"reason":"Conflict"' in refusal.value.body) == (409, True)
    core.delete_namespaced_config_map("c", empty.namespace)
    assert core.list_namespaced_config_map(empty.namespace, limit=1).items == []


def test_secrets(core: client.CoreV1Api, empty: Space) -> None:
    secret = client.V1Secret(metadata=client.V1ObjectMeta(generate_name="login-"), string_data={"password": "pass"})
    made = core.create_namespaced_secret(empty.namespace, secret)
    assert made.metadata.name.startswith("login-")
    assert core.read_namespaced_secret(made.metadata.name, empty.namespace).data == {"password": "cGFzcw=="}


def test_kinds_of_ours_as_custom_objects(custom: client.CustomObjectsApi, empty: Space) -> None:
    custom.create_namespaced_custom_object(*_CONFIG, empty.namespace, "repositories", repository("blueprints"))
    made = custom.create_namespaced_custom_object(*_PORCH, empty.namespace, REVISIONS, revision())
    assert made["metadata"]["name"] == DOTTED
    patch = {"metadata": {"labels": {"team": "net"}}}
    custom.patch_namespaced_custom_object(*_PORCH, empty.namespace, REVISIONS, DOTTED, patch)
    found = custom.list_namespaced_custom_object(*_PORCH, empty.namespace, REVISIONS, label_selector="team=net")
    assert [item["spec"]["packageName"] for item in found["items"]] == ["my-package"]
    contents = custom.get_namespaced_custom_object(*_PORCH, empty.namespace, "packagerevisionresources", DOTTED)
    contents["spec"]["resources"]["notes.txt"] = "written by Python\n"
    custom.replace_namespaced_custom_object(
        *_PORCH, empty.namespace, "packagerevisionresources", DOTTED, contents, field_validation="Strict"
    )
    assert empty.get("packagerevisionresources", DOTTED)["spec"]["resources"]["notes.txt"] == "written by Python\n"
    custom.delete_namespaced_custom_object(*_PORCH, empty.namespace, REVISIONS, DOTTED)
    assert empty.names(REVISIONS) == []


def test_kinds_of_ours_by_the_dynamic_client(connection: client.ApiClient, space: Space) -> None:
    revisions = DynamicClient(connection).resources.get(api_version="porch.kpt.dev/v1alpha1", kind="PackageRevision")
    made = revisions.create(body=revision(), namespace=space.namespace)
    assert made.status.conditions[0].reason == "RenderSuccess"
    labelled = revisions.patch(
        name=DOTTED,
        namespace=space.namespace,
        body={"metadata": {"labels": {"a": "b"}}},
        content_type="application/merge-patch+json",
    )
    assert labelled.metadata.labels.a == "b"
    assert [item.metadata.name for item in revisions.get(namespace=space.namespace).items] == [DOTTED]
    seen = revisions.watch(namespace=space.namespace, resource_version=made.metadata.resourceVersion, timeout=1)
    assert [(event["type"], event["object"].metadata.labels.a) for event in seen] == [("MODIFIED", "b")]
    revisions.delete(name=DOTTED, namespace=space.namespace)
    assert space.names(REVISIONS) == []


def _watched(custom: client.CustomObjectsApi, space: Space, version: str) -> Iterator[dict[str, Any]]:
    events: Iterator[dict[str, Any]] = watch.Watch().stream(
        custom.list_namespaced_custom_object,
        *_PORCH,
        space.namespace,
        REVISIONS,
        resource_version=version,
        timeout_seconds=int(SECONDS),
    )
    return events


def test_a_watch_goes_on_where_another_stopped(custom: client.CustomObjectsApi, space: Space) -> None:
    start = custom.list_namespaced_custom_object(*_PORCH, space.namespace, REVISIONS)["metadata"]["resourceVersion"]
    for package in ("alpha", "bravo"):
        space.draft(package)
    space.kubectl("delete", "packagerevision", "blueprints.alpha.v1")

    first = next(_watched(custom, space, start))
    version = first["object"]["metadata"]["resourceVersion"]
    rest = _watched(custom, space, version)
    seen = [(event["type"], event["object"]["spec"]["packageName"]) for event in (first, next(rest), next(rest))]
    assert seen == [("ADDED", "alpha"), ("ADDED", "bravo"), ("DELETED", "alpha")]


def test_an_informer_keeps_up(core: client.CoreV1Api, empty: Space) -> None:
    """With a typed kind: the library's informer cannot list custom objects."""
    informer = SharedInformer(list_func=core.list_namespaced_config_map, namespace=empty.namespace)
    seen: queue.Queue[tuple[str, str]] = queue.Queue()
    for event in ("ADDED", "MODIFIED", "DELETED"):
        informer.add_event_handler(event, lambda found, event=event: seen.put((event, found.metadata.name)))
    empty.kubectl("create", "configmap", "old")
    informer.start()
    try:
        assert seen.get(timeout=SECONDS) == ("ADDED", "old")
        empty.kubectl("create", "configmap", "new")
        empty.kubectl("label", "configmap", "new", "a=b")
        empty.kubectl("delete", "configmap", "old")
        events = [seen.get(timeout=SECONDS) for _ in range(3)]
        assert events == [("ADDED", "new"), ("MODIFIED", "new"), ("DELETED", "old")]
    finally:
        informer.stop()

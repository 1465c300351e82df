"""Functions in pods: a real Kubernetes wire, a real registry, real gRPC; the node is this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from porch.errors import ServiceUnavailable, Timeout
from porch.function.catalog import Catalog
from porch.runner.pods import PodEvaluator, PodSettings
from porch.runner.server import Refused
from porch.store import Store
from porch.store.sqlite import open_store
from porch.types.functionconfig import FunctionConfigSpec
from tests.support.cluster import NAMESPACE_NAME, Cluster, Kubelet
from tests.support.registry import Registry
from tests.unit.function.test_executable import write

_RENAME = "import sys\nprint(sys.stdin.read().replace('team-a', 'team-b'), end='')\nprint('told', file=sys.stderr)"
_DATA = b"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: [{kind: A, owner: team-a}]\n"
_WAIT = "import pathlib, sys, time\nwhile not pathlib.Path('{}').exists(): time.sleep(0.01)\nprint(sys.stdin.read())"
Make = Callable[..., PodEvaluator]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "cluster.db")
    yield opened
    opened.close()


@pytest.fixture
def cluster(store: Store) -> Iterator[Cluster]:
    with Cluster(store) as serving:
        yield serving


@pytest.fixture
def kubelet(cluster: Cluster) -> Iterator[Kubelet]:
    with Kubelet(cluster) as running:
        yield running


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with Registry(tmp_path) as serving:
        yield serving


@pytest.fixture
def image(registry: Registry, tmp_path: Path) -> str:
    """A function that renames the owner."""
    registry.push("fn/set-owner", "v1.2", [str(write(tmp_path, _RENAME))])
    return f"{registry.host}/fn/set-owner:v1.2"


@pytest.fixture
def make(cluster: Cluster) -> Iterator[Make]:
    made: list[tuple[PodEvaluator, threading.Event]] = []

    def making(config: dict[str, object] | None = None, **settings: object) -> PodEvaluator:
        base = PodSettings(
            NAMESPACE_NAME, "wrapper:v1", by_ip=True, start_timeout=20, scan_interval=0.05, warm_up=False
        )
        specs = [msgspec.convert({"image": "set-owner", "podExecutor": config}, FunctionConfigSpec)] if config else []
        evaluator = PodEvaluator(cluster.connect(), replace(base, **settings), lambda: Catalog(specs))  # type: ignore[arg-type]
        stopping = threading.Event()
        evaluator.open(stopping)
        made.append((evaluator, stopping))
        return evaluator

    yield making
    for evaluator, stopping in made:
        stopping.set()
        evaluator.close()


def _await(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        threading.Event().wait(0.01)


def test_a_function_is_evaluated_in_a_pod_of_its_image(make: Make, kubelet: Kubelet, image: str) -> None:
    pods = make()
    answer = pods.evaluate(image, _DATA, 30)
    assert (answer.resource_list, answer.log) == (_DATA.replace(b"team-a", b"team-b"), b"told\n")
    assert pods.evaluate(image, _DATA, 30) == answer
    assert len(kubelet.names) == 1


def test_the_pod_is_made_from_the_template(make: Make, cluster: Cluster, kubelet: Kubelet, image: str) -> None:
    make().evaluate(image, _DATA, 30)
    (pod,) = cluster.all("pods")
    (template,) = cluster.all("podtemplates")
    metadata, spec = pod["metadata"], pod["spec"]
    identity = metadata["labels"]["fn.kpt.dev/image"]
    assert identity.startswith("set-owner-v12-1-")
    assert metadata["name"].startswith(f"{identity}-")
    assert metadata["annotations"] == {
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "true",
        "fn.kpt.dev/template-version": template["metadata"]["resourceVersion"],
    }
    assert (spec["initContainers"][0]["image"], spec["containers"][0]["image"]) == ("wrapper:v1", image)
    assert spec["containers"][0]["args"][:5] == ["--port", "9446", "--max-request-body-size", "6291456", "--"]
    (service,) = cluster.all("services")
    assert service["metadata"]["name"] == identity
    assert service["spec"]["selector"] == {"fn.kpt.dev/image": identity}
    assert [
        item["metadata"]["name"] for item in cluster.all("servicetemplates", "/apis/config.porch.kpt.dev/v1alpha1")
    ] == ["base-service-template"]


def test_a_function_config_changes_its_pods(make: Make, cluster: Cluster, kubelet: Kubelet, image: str) -> None:
    limits = {"limits": {"memory": "1Gi"}}
    overrides = {
        "serviceAccountName": "functions",
        "securityContext": {"runAsNonRoot": True},
        "initContainer": {"resources": limits},
        "container": {"resources": limits, "env": [{"name": "A", "value": "b"}]},
    }
    host = image.rpartition("/")[0]
    spec = {"image": "set-owner", "prefixes": [host], "podExecutor": {"templateOverrides": overrides}}
    pods = make()
    pods._catalog = lambda: Catalog([msgspec.convert(spec, FunctionConfigSpec)])
    pods.evaluate(image, _DATA, 30)
    made = cluster.all("pods")[0]["spec"]
    assert (made["serviceAccountName"], made["securityContext"]) == ("functions", {"runAsNonRoot": True})
    assert made["initContainers"][0]["resources"] == made["containers"][0]["resources"] == limits
    assert made["containers"][0]["env"] == [{"name": "A", "value": "b"}]


def test_a_template_that_is_there_is_used(make: Make, cluster: Cluster, kubelet: Kubelet, image: str) -> None:
    make().evaluate(image, _DATA, 30)
    template = cluster.all("podtemplates")[0]
    template["template"]["spec"]["nodeSelector"] = {"disk": "ssd"}
    path = f"/api/v1/namespaces/{NAMESPACE_NAME}/podtemplates/base-pod-template"
    cluster.client.request("PUT", path, template)
    other = make()  # does not take over the pod of the old template
    other.evaluate(image, _DATA, 30)
    (pod,) = cluster.all("pods")
    assert pod["spec"]["nodeSelector"] == {"disk": "ssd"}


def test_a_template_without_the_functions_container_is_told(make: Make, cluster: Cluster, image: str) -> None:
    template = {"metadata": {"name": "base-pod-template"}, "template": {"spec": {"containers": [{"name": "x"}]}}}
    cluster.client.request("POST", f"/api/v1/namespaces/{NAMESPACE_NAME}/podtemplates", template)
    with pytest.raises(ServiceUnavailable, match="failed to find the function container in the pod"):
        make().evaluate(image, _DATA, 30)


def test_a_failing_function_is_told(make: Make, kubelet: Kubelet, registry: Registry, tmp_path: Path) -> None:
    code = "import sys\nprint(sys.stdin.read() + 'results: [{message: no}]')\nsys.exit('because')"
    registry.push("fn/failing", "v1", [str(write(tmp_path, code))], as_cmd=True)
    image = f"{registry.host}/fn/failing:v1"
    with pytest.raises(Refused) as caught:
        make().evaluate(image, _DATA, 30)
    assert caught.value.text == (
        f"unable to evaluate {image} with pod evaluator: rpc error: code = Internal desc = failed to evaluate function "
        f'"{image}" with structured results: [info]: no and stderr: because\n'
    )
    assert [result.message for result in caught.value.results] == ["no"]


def test_a_pod_that_has_failed_is_replaced(make: Make, kubelet: Kubelet, image: str) -> None:
    pods = make()
    pods.evaluate(image, _DATA, 30)
    (first,) = kubelet.names
    kubelet.fail(first)
    pods.evaluate(image, _DATA, 30)
    assert len(kubelet.names) == 1
    assert kubelet.names != [first]


def test_a_pod_that_somebody_has_deleted_is_replaced(
    make: Make, cluster: Cluster, kubelet: Kubelet, image: str
) -> None:
    pods = make()
    pods.evaluate(image, _DATA, 30)
    (first,) = kubelet.names
    cluster.client.request("DELETE", f"/api/v1/namespaces/{NAMESPACE_NAME}/pods/{first}")
    pods.evaluate(image, _DATA, 30)
    assert kubelet.names != [first]


def test_idle_pods_are_removed_with_their_services(make: Make, cluster: Cluster, kubelet: Kubelet, image: str) -> None:
    pods = make(ttl=0.2)
    pods.evaluate(image, _DATA, 30)
    _await(lambda: not cluster.all("pods") and not cluster.all("services"))
    _await(lambda: not kubelet.names)
    pods.evaluate(image, _DATA, 30)


def test_more_pods_are_started_for_more_calls(make: Make, kubelet: Kubelet, registry: Registry, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    registry.push("fn/waiting", "v1", [str(write(tmp_path, _WAIT.format(gate)))])
    image = f"{registry.host}/fn/waiting:v1"
    pods = make(max_pods=2, max_waitlist=1)
    with ThreadPoolExecutor(5) as threads:
        calls = [threads.submit(pods.evaluate, image, _DATA, 60) for _ in range(5)]
        _await(lambda: len(kubelet.names) == 2)
        gate.touch()
        assert all(b"team-a" in call.result().resource_list for call in calls)
    assert len(kubelet.names) == 2


def test_calls_wait_for_a_pod_that_is_starting(make: Make, kubelet: Kubelet, image: str) -> None:
    pods = make()
    kubelet.holds.set()
    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(pods.evaluate, image, _DATA, 60) for _ in range(3)]
        kubelet.holds.clear()
        assert all(call.result().log == b"told\n" for call in calls)
    assert len(kubelet.names) == 1


def test_a_call_gives_up_at_its_deadline(make: Make, kubelet: Kubelet, image: str) -> None:
    kubelet.holds.set()
    pods = make()
    with pytest.raises(Timeout, match=f"function evaluation timed out for {image}"):
        pods.evaluate(image, _DATA, 0.5)
    kubelet.holds.clear()
    pods.evaluate(image, _DATA, 30)


def test_a_pod_that_does_not_start_is_told_and_removed(
    make: Make, cluster: Cluster, kubelet: Kubelet, image: str
) -> None:
    kubelet.holds.set()
    with pytest.raises(ServiceUnavailable, match=f'want to examine the pod/service in namespace "{NAMESPACE_NAME}"'):
        make(start_timeout=0.3).evaluate(image, _DATA, 30)
    assert cluster.all("pods") == cluster.all("services") == []


def test_a_pod_that_cannot_run_is_told(make: Make, kubelet: Kubelet, image: str) -> None:
    kubelet.refuses = {image: "ImagePullBackOff"}
    with pytest.raises(ServiceUnavailable, match="has failed: ImagePullBackOff"):
        make().evaluate(image, _DATA, 30)


def test_an_image_that_is_not_there_is_told(make: Make, registry: Registry) -> None:
    image = f"{registry.host}/fn/no-such:v1"
    with pytest.raises(ServiceUnavailable, match=f"unable to get the entrypoint for {image}: .*404"):
        make().evaluate(image, _DATA, 30)


def test_a_later_runner_takes_over_the_pods(make: Make, kubelet: Kubelet, image: str) -> None:
    make().evaluate(image, _DATA, 30)
    (first,) = kubelet.names
    make().evaluate(image, _DATA, 30)
    assert kubelet.names == [first]


def test_pods_of_listed_images_are_warmed_up(make: Make, kubelet: Kubelet, image: str) -> None:
    spec = {"image": "set-owner", "prefixes": [image.rpartition("/")[0]], "podExecutor": {"tags": ["v1.2"]}}
    pods = make()
    pods._catalog = lambda: Catalog([msgspec.convert(spec, FunctionConfigSpec)])
    pods._settings = replace(pods._settings, warm_up=True)
    stopping = threading.Event()
    pods.open(stopping)
    _await(lambda: len(kubelet.names) == 1)
    pods.evaluate(image, _DATA, 30)
    assert len(kubelet.names) == 1
    stopping.set()


def test_the_pull_secret_is_kept_as_the_file_says(make: Make, cluster: Cluster, kubelet: Kubelet, image: str) -> None:
    make(registry_auth='{"auths": {}}').evaluate(image, _DATA, 30)
    assert cluster.all("pods")[0]["spec"]["imagePullSecrets"] == [{"name": "auth-secret"}]
    (secret,) = cluster.all("secrets")
    assert secret["type"] == "kubernetes.io/dockerconfigjson"

"""FunctionConfigs of a function runner: from files, and from an API server, to which it tells what it has applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from porch.errors import BadRequest, ServiceUnavailable
from porch.kube import Client, Context
from porch.runner.configs import Configs, read_configs
from porch.store.sqlite import open_store
from tests.support.cluster import NAMESPACE_NAME, Cluster

_PATH = f"/apis/config.porch.kpt.dev/v1alpha1/namespaces/{NAMESPACE_NAME}/functionconfigs"
_TEXT = """\
apiVersion: config.porch.kpt.dev/v1alpha1
kind: FunctionConfig
metadata: {{name: {name}}}
spec:
  image: {name}
  goExecutor: {{tags: ["*"]}}
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    store = open_store(tmp_path / "cluster.db")
    with Cluster(store) as serving:
        yield serving
    store.close()


def _create(cluster: Cluster, name: str) -> dict[str, Any]:
    spec = {"image": name, "goExecutor": {"tags": ["*"]}}
    made: dict[str, Any] = cluster.client.request("POST", _PATH, {"metadata": {"name": name}, "spec": spec})
    return made


def test_a_file_or_a_directory_of_files_is_read(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(_TEXT.format(name="b") + "---\n" + _TEXT.format(name="c"))
    (tmp_path / "a.yml").write_text("# other objects are left alone\nkind: ConfigMap\n---\n" + _TEXT.format(name="a"))
    (tmp_path / "notes.txt").write_text("not read")
    assert [config.metadata.name for config in read_configs(tmp_path)] == ["a", "b", "c"]
    assert [config.metadata.name for config in read_configs(tmp_path / "b.yaml")] == ["b", "c"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "f.yaml: line"),
        ("kind: FunctionConfig\nspec: 5\n", r"f.yaml: Expected `object`, got `int` - at `\$.spec`"),
        (
            _TEXT.format(name="a").replace("image: a", "image: a/b"),
            "f.yaml: FunctionConfig a: spec.image: Invalid value",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(BadRequest, match=told):
        read_configs(tmp_path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"cannot read FunctionConfigs from .*No such file"):
        read_configs(tmp_path / "no-such.yaml")


def test_those_of_the_cluster_follow_those_of_files(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text(_TEXT.format(name="z"))
    configs = Configs(read_configs(tmp_path), cluster.client, NAMESPACE_NAME)
    assert [spec.image for spec in configs.specs] == ["z"]
    _create(cluster, "b")
    _create(cluster, "a")
    configs.refresh()
    assert [spec.image for spec in configs.specs] == ["z", "a", "b"]


def test_the_generation_that_is_applied_is_told_once(cluster: Cluster) -> None:
    _create(cluster, "a")
    configs = Configs((), cluster.client, NAMESPACE_NAME)
    configs.refresh()
    told = cluster.client.request("GET", f"{_PATH}/a")
    assert told["status"] == {"functionRunnerObservedGeneration": 1}
    configs.refresh()
    assert cluster.client.request("GET", f"{_PATH}/a") == told
    told["spec"]["goExecutor"]["tags"] = ["v1"]
    cluster.client.request("PUT", f"{_PATH}/a", told)
    configs.refresh()
    assert cluster.client.request("GET", f"{_PATH}/a")["status"] == {"functionRunnerObservedGeneration": 2}


def test_when_the_cluster_does_not_answer_what_is_known_stays() -> None:
    configs = Configs((), Client(Context("http://127.0.0.1:1")), NAMESPACE_NAME)
    with pytest.raises(ServiceUnavailable):
        configs.refresh()
    assert configs.specs == ()

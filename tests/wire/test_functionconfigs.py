"""FunctionConfigs, as administrators write them."""

from __future__ import annotations

import json

from tests.wire.space import Space

_CONFIG = {
    "apiVersion": "config.porch.kpt.dev/v1alpha1",
    "kind": "FunctionConfig",
    "metadata": {"name": "checker"},
    "spec": {"image": "checker", "podExecutor": {"tags": ["v1"]}},
}


def test_kubectl_creates_shows_and_changes_them(empty: Space) -> None:
    empty.kubectl("apply", "-f", "-", stdin=json.dumps(_CONFIG))
    lines = empty.kubectl("get", "functionconfigs").out.splitlines()
    assert lines[0] == "NAME      SERVER APPLIED   FNRUNNER APPLIED   CONTROLLER APPLIED"
    assert lines[1].split()[0] == "checker"
    empty.kubectl("patch", "functionconfig", "checker", "--type=merge", "-p", '{"spec":{"image":"other"}}')
    kept = json.loads(empty.kubectl("get", "functionconfig", "checker", "-o", "json").out)
    assert kept["metadata"]["generation"] == 2
    assert kept["spec"] == {"image": "other", "podExecutor": {"tags": ["v1"], "timeToLive": "30m"}}


def test_what_is_wrong_is_told_with_its_field(empty: Space) -> None:
    path = f"/apis/config.porch.kpt.dev/v1alpha1/namespaces/{empty.namespace}/functionconfigs"
    answer = empty.client.send("POST", path, {**_CONFIG, "spec": {"image": "a/b"}})
    assert answer.status == 422
    assert [cause["field"] for cause in answer.json()["details"]["causes"]] == ["spec.image", "spec"]

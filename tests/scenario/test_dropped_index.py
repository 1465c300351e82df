"""The index is derived from git: dropping it loses nothing that a user sees."""

from __future__ import annotations

from tests.scenario.conftest import Make
from tests.scenario.running import PACKAGES, RESOURCES, REVISIONS, Api, Json, register, revision, wait_ready
from tests.support.githttp import GitHttp

OWNER = {"apiVersion": "example.com/v1", "kind": "Team", "name": "owner", "uid": "7d1f1f1e-0000-4000-8000-000000000001"}


def dump(api: Api) -> tuple[Json, list[int]]:
    """Everything that the API says of packages, without the resourceVersions; and these."""
    items = [item for kind in (REVISIONS, RESOURCES, f"{PACKAGES}/packages") for item in api.do("GET", kind)["items"]]
    return items, [int(item["metadata"].pop("resourceVersion")) for item in items]


def test_everything_is_as_before_but_the_resource_versions_which_grow(make: Make, remote: GitHttp) -> None:
    porch = make()
    api = porch.launch()
    register(api, "here", "hosted:///here")
    register(api, "there", remote.create("there"), directory="deep/er")
    for where in ("here", "there"):
        api.do("POST", REVISIONS, revision(where, "web", labels={"a": "b"}, annotations={"note": "n"}))
        api.do("POST", REVISIONS, revision(where, "net/core", finalizers=["example.com/f"], ownerReferences=[OWNER]))
        api.do("DELETE", f"{REVISIONS}/{where}.net.core.v1")
        gates = {"spec": {"readinessGates": [{"conditionType": "t"}], "packageMetadata": {"labels": {"k": "v"}}}}
        assert api.patch(f"{REVISIONS}/{where}.web.v1", gates).code == 200
    before, versions = dump(api)
    old = str(max(versions))
    porch.end()
    porch.offline("index", "drop")
    api = porch.launch()
    wait_ready(api, "here")
    with api.watch() as watch:
        names = {watch.next()[1]["metadata"]["name"] for _ in range(4)}
    assert names == {"here.web.v1", "here.net.core.v1", "there.web.v1", "there.net.core.v1"}
    after, grown = dump(api)
    assert after == before
    assert min(grown) > max(versions)
    with api.watch(since=old) as watch:
        assert watch.code == 410 or watch.next()[1]["code"] == 410

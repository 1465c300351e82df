"""The server dies amid a cascade or the deletion of a namespace: started again, it finishes what was begun."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import REVISIONS, Api, Json, Lost, Porch, register, repository, revision
from tests.support.githttp import git

NAMESPACES = "/api/v1/namespaces"
MAPS = f"{NAMESPACES}/default/configmaps"
TEAM_MAPS = f"{NAMESPACES}/team/configmaps"
TEAM_REPOSITORIES = "/apis/config.porch.kpt.dev/v1alpha1/namespaces/team/repositories"
TEAM_REVISIONS = "/apis/porch.kpt.dev/v1alpha1/namespaces/team/packagerevisions"
DRAFTS = ("refs/heads/drafts/one/v1", "refs/heads/drafts/two/v1")


def config_map(name: str, *owners: Json, **meta: Json) -> Json:
    return {"metadata": {"name": name, "ownerReferences": list(owners), **meta}}


def owner(obj: Json) -> Json:
    meta = obj["metadata"]
    named = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "name": meta["name"], "uid": meta["uid"]}
    return named | {"blockOwnerDeletion": True}


def until(api: Api, path: str, condition: Callable[[list[Json]], bool]) -> list[Json]:
    """Waits until the objects at `path` are so; returns them."""
    with api.watch(
        f"{path}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    ) as watch:
        there: dict[str, Json] = {}
        complete = False
        while not (complete and condition(list(there.values()))):
            kind, obj = watch.next()
            if kind == "BOOKMARK":
                complete = True
            elif kind == "DELETED":
                there.pop(obj["metadata"]["name"], None)
            else:
                there[obj["metadata"]["name"]] = obj
        return list(there.values())


def names(items: list[Json]) -> set[str]:
    return {item["metadata"]["name"] for item in items}


def refs(porch: Porch, namespace: str = "default") -> list[str]:
    return git("for-each-ref", "--format=%(refname)", cwd=porch.hosted(namespace, "work")).splitlines()


def family(porch: Porch, fault: str) -> Api:
    """`top` owns two config maps and a draft, which owns another config map and another draft."""
    api = porch.launch(fault)
    register(api, "work", "hosted:///work")
    top = api.do("POST", MAPS, config_map("top"))
    for name in ("a", "b"):
        api.do("POST", MAPS, config_map(name, owner(top)))
    one = api.do("POST", REVISIONS, revision("work", "one", ownerReferences=[owner(top)]))
    api.do("POST", MAPS, config_map("c", owner(one)))
    api.do("POST", REVISIONS, revision("work", "two", ownerReferences=[owner(one)]))
    return api


def die(porch: Porch, path: str, body: Json) -> None:
    """Sends a delete that the server does not live long enough to complete."""
    with suppress(Lost):
        assert porch.api.send("DELETE", path, body).code == 200
    assert porch.died() == signal.SIGKILL


@pytest.mark.parametrize("policy", ["Background", "Foreground"])
@pytest.mark.parametrize("fault", ["dependent-deleted", "dependent-deleted:3", "intent-recorded:3", "pushed:4"])
def test_a_cascade_that_the_server_dies_in_is_finished(make: Make, policy: str, fault: str) -> None:
    """The third and fourth move of refs are the deletions of the two drafts."""
    porch = make()
    family(porch, fault)
    die(porch, f"{MAPS}/top", {"propagationPolicy": policy})
    api = porch.launch()
    until(api, MAPS, lambda items: not items)
    until(api, REVISIONS, lambda items: not items)
    assert not [ref for ref in refs(porch) if ref in DRAFTS]


@pytest.mark.parametrize("fault", ["dependent-orphaned", "dependent-orphaned:3"])
def test_orphans_are_all_freed_after_a_crash(make: Make, fault: str) -> None:
    porch = make()
    family(porch, fault)
    die(porch, f"{MAPS}/top", {"propagationPolicy": "Orphan"})
    api = porch.launch()
    left = until(api, MAPS, lambda items: "top" not in names(items))
    left += until(api, REVISIONS, lambda items: True)
    assert names(left) == {"a", "b", "c", "work.one.v1", "work.two.v1"}
    owned = {item["metadata"]["name"] for item in left if item["metadata"].get("ownerReferences")}
    assert owned == {"c", "work.two.v1"}, "what the freed ones own is still theirs"
    assert set(DRAFTS) <= set(refs(porch))


@pytest.mark.parametrize("fault", ["content-deleted", "content-deleted:3", "namespace-empty"])
def test_a_namespace_that_the_server_dies_over_is_emptied_later(make: Make, fault: str) -> None:
    porch = make()
    api = porch.launch(fault)
    api.do("POST", NAMESPACES, {"metadata": {"name": "team"}})
    api.do("POST", TEAM_REPOSITORIES, repository("work", "hosted:///work"))
    for package in ("one", "two"):
        sent = revision("work", package)
        sent["metadata"]["namespace"] = "team"
        api.do("POST", TEAM_REVISIONS, sent)
    for name in "abc":
        api.do("POST", TEAM_MAPS, config_map(name))
    before = refs(porch, "team")
    die(porch, f"{NAMESPACES}/team", {"propagationPolicy": "Background"})
    api = porch.launch()
    until(api, NAMESPACES, lambda items: "team" not in names(items))
    for path in (TEAM_MAPS, TEAM_REPOSITORIES, TEAM_REVISIONS):
        assert api.names(path) == []
    assert refs(porch, "team") == before
    assert set(DRAFTS) <= set(before)


def test_revisions_leave_though_their_repository_went_without_them(make: Make) -> None:
    """Nothing held the Repository back, and the server died before it had forgotten its revisions."""
    porch = make()
    api = porch.launch("content-deleted")
    api.do("POST", NAMESPACES, {"metadata": {"name": "team"}})
    api.do("POST", TEAM_REPOSITORIES, repository("work", "hosted:///work"))
    sent = revision("work", "one")
    sent["metadata"]["namespace"] = "team"
    api.do("POST", TEAM_REVISIONS, sent)
    assert api.patch(f"{TEAM_REPOSITORIES}/work", {"metadata": {"finalizers": None}}).code == 200
    die(porch, f"{NAMESPACES}/team", {"propagationPolicy": "Background"})
    api = porch.launch()
    until(api, NAMESPACES, lambda items: "team" not in names(items))
    assert api.names(TEAM_REVISIONS) == []
    assert DRAFTS[0] in refs(porch, "team")


def test_a_dropped_index_costs_no_dependents(make: Make) -> None:
    """Package revisions that are not indexed are not gone."""
    porch = make()
    api = porch.launch()
    register(api, "work", "hosted:///work")
    one = api.do("POST", REVISIONS, revision("work", "one"))
    api.do("POST", MAPS, config_map("child", owner(one)))
    porch.end()
    porch.offline("index", "drop")
    api = porch.launch()
    until(api, REVISIONS, bool)
    gone = config_map("orphan", owner(one) | {"uid": "no-such-uid"})
    api.do("POST", MAPS, gone)
    until(api, MAPS, lambda items: "orphan" not in names(items))
    assert api.names(MAPS) == ["child"]

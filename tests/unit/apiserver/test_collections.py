"""deletecollection, and the answers of deletes that wait."""

from __future__ import annotations

from typing import Any

import pytest

from porch.apiserver import collection
from porch.apiserver.interface import Resource
from porch.objects import Call, Deleted, DeleteOptions, StoredObjects
from porch.store import Store
from porch.strategy.interface import Strategy
from porch.types.core import CONFIG_MAP, ConfigMap
from porch.types.meta import ObjectMeta
from tests.support.wire import Wire

MAPS = "/api/v1/namespaces/default/configmaps"
HOLD = "example.com/hold"


def make(wire: Wire, *names: str, **meta: Any) -> None:
    for name in names:
        assert wire.post(MAPS, {"metadata": {"name": name, **meta}}).code == 201


def names(listed: Any) -> list[str]:
    return [item["metadata"]["name"] for item in listed["items"]]


def test_everything_that_is_selected_goes(wire: Wire) -> None:
    make(wire, "a", "b", labels={"app": "x"})
    make(wire, "c", labels={"app": "y"})
    reply = wire.delete(f"{MAPS}?labelSelector=app=x")
    assert (reply.code, reply.json["kind"], names(reply.json)) == (200, "ConfigMapList", ["a", "b"])
    assert names(wire.get(MAPS).json) == ["c"]
    assert names(wire.delete(f"{MAPS}?fieldSelector=metadata.name=c").json) == ["c"]
    empty = wire.delete(MAPS)
    assert (empty.code, empty.json["items"]) == (200, [])
    assert int(empty.json["metadata"]["resourceVersion"]) > 0


def test_other_namespaces_stay(wire: Wire) -> None:
    make(wire, "a")
    wire.post("/api/v1/namespaces/other/configmaps", {"metadata": {"name": "b"}})
    wire.delete(MAPS)
    assert names(wire.get("/api/v1/configmaps").json) == ["b"]
    assert wire.delete("/api/v1/configmaps").code == 405


def test_finalizers_hold_and_the_policy_counts(wire: Wire) -> None:
    make(wire, "a")
    make(wire, "held", finalizers=[HOLD])
    deleted = wire.delete(MAPS, {"propagationPolicy": "Orphan"}).json["items"]
    assert [item["metadata"].get("finalizers") for item in deleted] == [["orphan"], [HOLD, "orphan"]]
    assert all(item["metadata"]["deletionTimestamp"] for item in deleted)


def test_a_limit_deletes_a_page_and_tells_where_it_ended(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "_PAGE", 2)
    make(wire, *"abcdefgh")
    reply = wire.delete(f"{MAPS}?limit=3").json
    assert (names(reply), names(wire.get(MAPS).json)) == (["a", "b", "c"], ["d", "e", "f", "g", "h"])
    assert names(wire.delete(f"{MAPS}?limit=2&continue={reply['metadata']['continue']}").json) == ["d", "e"]
    assert names(wire.delete(MAPS).json) == ["f", "g", "h"]


def test_a_dry_run_shows_and_keeps(wire: Wire) -> None:
    make(wire, "a", "b")
    assert names(wire.delete(f"{MAPS}?dryRun=All").json) == ["a", "b"]
    assert names(wire.delete(MAPS, {"dryRun": ["All"]}).json) == ["a", "b"]
    assert names(wire.get(MAPS).json) == ["a", "b"]


def test_preconditions_are_of_one_object(wire: Wire) -> None:
    make(wire, "a")
    reply = wire.delete(MAPS, {"preconditions": {"uid": "x"}})
    why = "preconditions: Forbidden: they are of one object; a collection is selected by its list options"
    assert (reply.code, reply.message) == (422, f'DeleteOptions.meta.k8s.io "" is invalid: {why}')
    assert names(wire.get(MAPS).json) == ["a"]


class Racing(StoredObjects):
    """Somebody else is faster: before the first delete `b` goes, and `c` is made anew."""

    raced = False

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        if not self.raced:
            self.raced = True
            for other in "bc":
                super().delete(call, namespace, other, DeleteOptions())
            self.create(call, namespace, ConfigMap(metadata=ObjectMeta(name="c")))
        return super().delete(call, namespace, name, options)


def test_what_vanishes_or_comes_again_meanwhile_is_not_meant(store: Store) -> None:
    strategy = Strategy(CONFIG_MAP)
    with Wire([Resource(CONFIG_MAP, Racing(store, strategy), strategy)], store) as wire:
        make(wire, *"abcd")
        assert names(wire.delete(MAPS).json) == ["a", "d"]
        assert names(wire.get(MAPS).json) == ["c"]


def test_it_is_a_verb_of_its_own(wire: Wire) -> None:
    make(wire, "a")
    wire.authorizer.denied = lambda attributes: attributes.verb == "deletecollection"
    assert wire.delete(MAPS).code == 403
    assert names(wire.get(MAPS).json) == ["a"]


def test_a_table_of_what_was_deleted(wire: Wire) -> None:
    make(wire, "a")
    reply = wire.delete(MAPS, accept="application/json;as=Table;g=meta.k8s.io;v=v1")
    assert (reply.json["kind"], [row["cells"][0] for row in reply.json["rows"]]) == ("Table", ["a"])


@pytest.mark.parametrize(("orphan", "code"), [(False, 202), (True, 200)])
def test_only_the_old_field_asks_for_202(wire: Wire, orphan: bool, code: int) -> None:
    make(wire, "a", finalizers=[HOLD])
    assert wire.delete(f"{MAPS}/a", {"orphanDependents": orphan}).code == code
    assert wire.delete(f"{MAPS}/a?orphanDependents={str(orphan).lower()}").code == code


def test_without_finalizers_the_old_field_gets_200(wire: Wire) -> None:
    make(wire, "a")
    assert wire.delete(f"{MAPS}/a", {"orphanDependents": False}).code == 200


def test_a_grace_period_must_be_a_number(wire: Wire) -> None:
    make(wire, "a")
    assert wire.delete(f"{MAPS}/a?gracePeriodSeconds=soon").code == 400
    assert wire.delete(f"{MAPS}/a?gracePeriodSeconds=30").code == 200

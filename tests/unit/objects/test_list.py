from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.errors import BadRequest, Expired, Timeout
from porch.objects import Call, DeleteOptions, ListOptions, ListResult, paging
from porch.objects.stored import StoredObjects
from porch.store import Store
from porch.types.selectors import Requirement, Selector
from tests.unit.objects.build import NS, config_map, with_data


@pytest.fixture(autouse=True)
def _objects(config_maps: StoredObjects, call: Call) -> None:
    for name in "cab":
        config_maps.create(call, NS, config_map(name, labels={"name": name}))
    config_maps.create(call, "kube-system", config_map("d"))


def _names(result: ListResult) -> list[str]:
    return [item.key.name for item in result.page.items]


def _by(key: str, operator: str, *values: str) -> Selector:
    return Selector((Requirement(key, operator, values),))


def test_objects_come_by_namespace_and_name(config_maps: StoredObjects, call: Call) -> None:
    assert _names(config_maps.list(call, ListOptions())) == ["a", "b", "c", "d"]
    assert _names(config_maps.list(call, ListOptions(namespace=NS))) == ["a", "b", "c"]


def test_selectors_choose(config_maps: StoredObjects, call: Call) -> None:
    assert _names(config_maps.list(call, ListOptions(labels=_by("name", "in", "a", "c")))) == ["a", "c"]
    assert _names(config_maps.list(call, ListOptions(fields=_by("metadata.name", "in", "b")))) == ["b"]
    assert _names(config_maps.list(call, ListOptions(fields=_by("metadata.name", "notin", "b")))) == ["a", "c", "d"]
    assert _names(config_maps.list(call, ListOptions(fields=_by("metadata.namespace", "in", "kube-system")))) == ["d"]


def test_unknown_fields_are_no_selectors(config_maps: StoredObjects, call: Call) -> None:
    with pytest.raises(BadRequest, match=r"^field label not supported: data$"):
        config_maps.list(call, ListOptions(fields=_by("data", "in", "x")))
    with pytest.raises(BadRequest, match=r"^field selector on metadata.name: only = and != are supported$"):
        config_maps.list(call, ListOptions(fields=_by("metadata.name", "in", "a", "b")))


def test_pages_go_on_in_the_state_of_the_first(config_maps: StoredObjects, call: Call) -> None:
    first = config_maps.list(call, ListOptions(limit=2))
    assert (_names(first), first.remaining) == (["a", "b"], 2)
    config_maps.create(call, NS, config_map("bb"))
    config_maps.delete(call, NS, "c", DeleteOptions())
    second = config_maps.list(call, ListOptions(limit=1, continue_token=first.continue_token))
    third = config_maps.list(call, ListOptions(limit=1, continue_token=second.continue_token))
    assert (_names(second), second.remaining) == (["c"], 1)
    assert (_names(third), third.remaining, third.continue_token) == (["d"], None, "")
    assert first.page.version == second.page.version == third.page.version


def test_a_token_is_what_kubernetes_makes(config_maps: StoredObjects, call: Call) -> None:
    page = config_maps.list(call, ListOptions(limit=1))
    text = base64.urlsafe_b64decode(page.continue_token + "=" * (-len(page.continue_token) % 4))
    assert json.loads(text) == {"v": "meta.k8s.io/v1", "rv": page.page.version, "start": "default/a\0", "left": 3}


def test_an_old_token_expires(config_maps: StoredObjects, call: Call, store: Store) -> None:
    token = config_maps.list(call, ListOptions(limit=1)).continue_token
    newest = config_maps.update(call, NS, "a", with_data(k="2")).version
    store.compact(newest)
    config_maps.create(call, NS, config_map("bb"))
    with pytest.raises(Expired, match=r"^The provided continue parameter is too old to display a consistent list") as e:
        config_maps.list(call, ListOptions(limit=1, continue_token=token))
    assert _names(config_maps.list(call, ListOptions(continue_token=e.value.continue_token))) == ["b", "bb", "c", "d"]
    with pytest.raises(Expired, match=r"^The resourceVersion for the provided list is too old.$"):
        config_maps.list(call, ListOptions(resource_version="1", match=r"Exact"))


def test_a_token_goes_without_a_version(config_maps: StoredObjects, call: Call) -> None:
    token = config_maps.list(call, ListOptions(limit=1)).continue_token
    with pytest.raises(BadRequest, match=r"^specifying resource version is not allowed when using continue$"):
        config_maps.list(call, ListOptions(continue_token=token, resource_version="3"))
    assert _names(config_maps.list(call, ListOptions(continue_token=token, resource_version="0"))) == ["b", "c", "d"]


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "ä",
        "!!!!",
        "e30",
        paging.write_token(paging.Position(10**9, ("", "a"))),
        paging.write_token(paging.Position(2**63 - 1, ("", "a"))),
        base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":9999999999999999999999,"start":"a\\u0000"}').decode(),
        base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":-2,"start":"a\\u0000"}').decode(),
        base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":1,"start":"a"}').decode(),
        base64.urlsafe_b64encode(b'{"v":"v2","rv":1,"start":"a\\u0000"}').decode(),
    ],
)
def test_a_bad_token_is_refused(config_maps: StoredObjects, call: Call, token: str) -> None:
    with pytest.raises(BadRequest, match=r"^continue key is not valid: .*start a new list without it$"):
        config_maps.list(call, ListOptions(continue_token=token))


def test_exact_shows_the_past(config_maps: StoredObjects, call: Call) -> None:
    then = config_maps.get(call, NS, "c")
    options = ListOptions(resource_version=str(then.version), match=r"Exact")
    assert config_maps.list(call, options).page.items == [then]


def test_a_version_asks_for_a_state_at_least_as_new(config_maps: StoredObjects, call: Call) -> None:
    for match in ("", "NotOlderThan"):
        assert len(config_maps.list(call, ListOptions(resource_version="1", match=match)).page.items) == 4


def test_a_version_of_the_future_is_not_waited_for(config_maps: StoredObjects, call: Call) -> None:
    current = config_maps.list(call, ListOptions()).page.version
    for match in ("", "Exact"):
        with pytest.raises(Timeout) as caught:
            config_maps.list(call, ListOptions(resource_version="999999", match=match))
        assert caught.value.message == f"Timeout: Too large resource version: 999999, current: {current}"
        assert caught.value.retry_after == 1
        assert caught.value.details is not None
        assert caught.value.details.causes[0].reason == "ResourceVersionTooLarge"


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.integers(1, 2**63 - 1), st.from_regex(r"\A([a-z]{1,9})?\Z"), st.from_regex(r"\A[a-z.:-]{1,20}\Z"))
def test_a_token_reads_back_as_written(version: int, namespace: str, name: str) -> None:
    position = paging.Position(version, (namespace, name))
    assert paging.read_token(paging.write_token(position)) == position

"""Rows 31 to 33 and 38: lists, in pages and by selectors."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.conformance.objects import MAPS, config_map
from tests.wire.space import Space


@pytest.fixture
def three(empty: Space) -> Space:
    labels = {"a": {"a": "x"}, "b": {"a": "y", "b": "1"}, "c": {"a": "x", "c": "d"}}
    for name, own in labels.items():
        empty.create(MAPS, config_map() | {"metadata": {"name": name, "labels": own}})
    return empty


def _listed(space: Space, query: str) -> Any:
    return space.client.send("GET", f"{space.path(MAPS)}?{query}").json()


def test_row_31_limit_and_continue(three: Space) -> None:
    assert three.kubectl("get", MAPS, "--chunk-size=1", "-o", "name").out.split() == [
        "configmap/a",
        "configmap/b",
        "configmap/c",
    ]
    first = _listed(three, "limit=1")
    assert [item["metadata"]["name"] for item in first["items"]] == ["a"]
    assert first["metadata"]["remainingItemCount"] == 2
    three.client.send("DELETE", three.path(MAPS, "b"))
    second = _listed(three, f"limit=1&continue={first['metadata']['continue']}")
    assert [item["metadata"]["name"] for item in second["items"]] == ["b"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert _listed(three, "continue=x")["code"] == 400


def test_row_32_selection_by_name_and_by_nothing_unknown(three: Space) -> None:
    assert len(_listed(three, "fieldSelector=metadata.name%3Da")["items"]) == 1
    assert len(_listed(three, "fieldSelector=metadata.name!%3Da")["items"]) == 2
    for selector in ("foo%3Dbar", "foo"):
        told = _listed(three, f"fieldSelector={selector}")
        assert (told["code"], told["reason"]) == (400, "BadRequest")
        assert "foo" in told["message"]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("a in (x,y),!b,c!=d", "a"),
        ("a=x", "ac"),
        ("a==x,c", "c"),
        ("a notin (x)", "b"),
        ("!c", "ab"),
        ("b>0", "b"),
        ("b<1", ""),
    ],
)
def test_row_33_the_grammar_of_label_selectors(three: Space, selector: str, names: str) -> None:
    found = three.kubectl("get", MAPS, "-l", selector, "-o", "jsonpath={.items[*].metadata.name}").out.split()
    assert found == list(names)
    told = _listed(three, f"labelSelector={quote('a in x')}")
    assert told["code"] == 400
    assert told["message"].startswith("unable to parse requirement")


def test_row_38_a_version_of_the_future_says_so_by_its_cause(three: Space) -> None:
    answer = three.client.send("GET", f"{three.path(MAPS)}?resourceVersion=999999999")
    told = answer.json()
    assert (answer.status, told["reason"]) == (504, "Timeout")
    assert told["message"].startswith("Timeout: Too large resource version: 999999999, current: ")
    assert told["details"]["causes"] == [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    assert (told["details"]["retryAfterSeconds"], answer.headers["retry-after"]) == (1, "1")

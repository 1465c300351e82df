"""Lists longer than a page that nobody asked to be cut: all of it, in one state, whatever the shape."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from porch.keys import ObjectKey
from porch.store import NewVersion, Store, Transaction
from tests.support.wire import Wire

MAPS = "/api/v1/namespaces/default/configmaps"
COUNT = 1203
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@pytest.fixture
def many(wire: Wire, store: Store) -> Wire:
    def fill(transaction: Transaction) -> None:
        for number in range(COUNT):
            name = f"m{number:05}"
            tail = b'","name":"%s","namespace":"default","labels":{"parity":"%d"}}}' % (name.encode(), number % 2)
            key = ObjectKey("configmaps", "default", name)
            transaction.versions.put(NewVersion(key, "u", tail, labels={"parity": str(number % 2)}))

    store.commit(fill)
    return wire


def names(document: Any) -> list[str]:
    return [item["metadata"]["name"] for item in document["items"]]


EVERYTHING = [f"m{number:05}" for number in range(COUNT)]


@pytest.mark.parametrize("query", ["", "?resourceVersion=0", "?resourceVersion=0&limit=10", "?limit=0"])
def test_all_objects_come_in_order_without_a_continue(many: Wire, query: str) -> None:
    document = many.get(f"{MAPS}{query}").json
    assert names(document) == EVERYTHING
    assert document["metadata"].keys() == {"resourceVersion"}


def test_selected_ones_too(many: Wire) -> None:
    assert names(many.get(f"{MAPS}?labelSelector=parity%3D1").json) == EVERYTHING[1::2]


def test_tables_and_metadata_too(many: Wire) -> None:
    rows = many.get(MAPS, accept=TABLE).json["rows"]
    assert [row["cells"][0] for row in rows] == EVERYTHING
    document = many.get(MAPS, accept=METADATA).json
    assert (document["kind"], names(document)) == ("PartialObjectMetadataList", EVERYTHING)


def test_compressed_for_those_who_take_that(many: Wire) -> None:
    reply = many.send("GET", MAPS, accept_encoding="gzip")
    assert (reply.headers["content-encoding"], reply.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert names(json.loads(gzip.decompress(reply.body))) == EVERYTHING
    assert "content-encoding" not in many.send("GET", MAPS, accept_encoding="gzip;q=0").headers


def test_yaml_is_cut_and_says_where_to_go_on(many: Wire) -> None:
    text = many.get(MAPS, accept="application/yaml").body.decode()
    assert text.count("\n  - ") + text.count("\n- ") == 500
    assert "continue: " in text


def test_a_watch_begins_with_all_of_them(many: Wire) -> None:
    watch = many.watch(f"{MAPS}?watch=1")
    assert [watch.next()["object"]["metadata"]["name"] for _ in range(COUNT)] == EVERYTHING

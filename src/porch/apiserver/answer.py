"""What storage returned, as the Answer that the client asked for: plain, Table or metadata, JSON or YAML."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from porch.apiserver.encode import META_GROUP, list_json, object_json, partial_object
from porch.apiserver.interface import Answer, Resource
from porch.apiserver.negotiate import PARTIAL, PARTIAL_LIST, TABLE, YAML, Shape
from porch.apiserver.table import table
from porch.objects import ListResult
from porch.store import StoredVersion

GZIP_ABOVE = 128 * 1024


def of_object(resource: Resource, item: StoredVersion, shape: Shape, include: str, code: int = 200) -> Answer:
    return finished(object_body(resource, item, shape, include), shape, code)


def object_body(resource: Resource, item: StoredVersion, shape: Shape, include: str, *, headed: bool = True) -> bytes:
    """The JSON text of one object in this shape."""
    if shape.transform == TABLE:
        metadata = {"resourceVersion": str(item.version)} if item.version else {}
        return table(resource, [item], metadata, version=shape.version, include=include, headed=headed)
    if shape.transform in {PARTIAL, PARTIAL_LIST}:
        return partial_object(resource.kind, item, shape.version)
    return object_json(resource.kind, item)


def of_list(resource: Resource, result: ListResult, shape: Shape, include: str) -> Answer:
    page, kind = result.page, resource.kind
    metadata: dict[str, Any] = {"resourceVersion": str(page.version)}
    if result.continue_token:
        metadata["continue"] = result.continue_token
        if result.remaining is not None:
            metadata["remainingItemCount"] = result.remaining
    if shape.transform == TABLE:
        body = table(resource, page.items, metadata, version=shape.version, include=include)
    elif shape.transform == PARTIAL_LIST:
        items = (partial_object(kind, item, shape.version) for item in page.items)
        body = list_json(PARTIAL_LIST, f"{META_GROUP}/{shape.version}", msgspec.json.encode(metadata), items)
    else:
        items = (object_json(kind, item) for item in page.items)
        body = list_json(kind.list_name, kind.api_version, msgspec.json.encode(metadata), items)
    return finished(body, shape)


def of_value(value: Mapping[str, Any], shape: Shape, code: int = 200) -> Answer:
    """An object that is not a resource's: a Status."""
    return finished(msgspec.json.encode(value), shape, code)


def finished(body: bytes, shape: Shape, code: int = 200) -> Answer:
    if shape.media == YAML:
        from porch.krm import write

        return Answer(write.dump(msgspec.json.decode(body)).encode(), YAML, code)
    if shape.pretty:
        body = msgspec.json.format(body, indent=2)
    return Answer(body + b"\n", status=code)


def may_compress(answer: Answer, accept_encoding: str) -> bool:
    return len(answer.body) > GZIP_ABOVE and "gzip" in accept_encoding and "Content-Encoding" not in answer.headers


def compressed(answer: Answer) -> Answer:
    """Quickly rather than well. Slow all the same: not for the event loop."""
    headers = {**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(answer, body=gzip.compress(answer.body, compresslevel=1, mtime=0), headers=headers)

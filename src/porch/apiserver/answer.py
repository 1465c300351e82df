"""What storage returned, as the Answer that the client asked for: plain, Table or metadata, JSON or YAML."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from porch.apiserver.encode import META_GROUP, object_json, partial_object
from porch.apiserver.interface import Answer, Resource
from porch.apiserver.negotiate import JSON, PARTIAL, PARTIAL_LIST, TABLE, YAML, Shape
from porch.apiserver.table import rows, table
from porch.objects import ListResult
from porch.store import StoredVersion

GZIP = 31
"""zlib's word for its format."""
GZIP_ABOVE = 128 * 1024
_LARGE = 1024 * 1024


def of_object(resource: Resource, item: StoredVersion, shape: Shape, include: str, code: int = 200) -> Answer:
    if len(item.tail) > _LARGE and item.version and not shape.transform and shape.media == JSON and not shape.pretty:
        return Answer(resource.kind.join(item.version, b""), status=code, more=(item.tail, b"\n"))
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
    """One page, or a whole list."""
    body = _List(resource, shape, include)
    return finished(b"".join((body.head(result), body.items(result), b"]}")), shape)


def of_long_list(
    resource: Resource, first: ListResult, rest: Iterator[ListResult], shape: Shape, include: str
) -> Answer:
    """A list that is read page by page while it is sent. Only as JSON, and never indented."""
    body = _List(resource, shape, include)

    def pieces() -> Iterator[bytes]:
        for result in rest:
            yield b"," + body.items(result) if result.page.items else b""
        yield b"]}\n"

    whole = replace(first, continue_token="", remaining=None)
    return Answer(body.head(whole) + body.items(first), rest=pieces())


@dataclass(frozen=True, slots=True)
class _List:
    """The JSON text of a list in its parts: `head`, then the items of its pages with commas between, then `]}`."""

    resource: Resource
    shape: Shape
    include: str

    def head(self, result: ListResult) -> bytes:
        metadata: dict[str, Any] = {"resourceVersion": str(result.page.version)}
        if result.continue_token:
            metadata["continue"] = result.continue_token
            if result.remaining is not None:
                metadata["remainingItemCount"] = result.remaining
        if self.shape.transform == TABLE:
            return table(self.resource, [], metadata, version=self.shape.version).removesuffix(b"]}")
        name, api_version = self.resource.kind.list_name, self.resource.kind.api_version
        if self.shape.transform == PARTIAL_LIST:
            name, api_version = PARTIAL_LIST, f"{META_GROUP}/{self.shape.version}"
        head = f'{{"kind":"{name}","apiVersion":"{api_version}","metadata":'
        return b'%s%s,"items":[' % (head.encode(), msgspec.json.encode(metadata))

    def items(self, result: ListResult) -> bytes:
        kind, shape, items = self.resource.kind, self.shape, result.page.items
        if shape.transform == TABLE:
            return rows(self.resource, items, shape.version, self.include)
        if shape.transform == PARTIAL_LIST:
            return b",".join(partial_object(kind, item, shape.version) for item in items)
        return b",".join(object_json(kind, item) for item in items)


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
    return answer.size > GZIP_ABOVE and takes_gzip(accept_encoding) and "Content-Encoding" not in answer.headers


def takes_gzip(accept_encoding: str) -> bool:
    for item in accept_encoding.split(","):
        name, _, weight = item.replace(" ", "").lower().partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" or not weight
    return False


def compressed(answer: Answer) -> Answer:
    """Quickly rather than well. Slow all the same: not for the event loop."""
    headers = {**answer.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    encoder = zlib.compressobj(1, wbits=GZIP)
    body = b"".join((*map(encoder.compress, (answer.body, *answer.more)), encoder.flush()))
    return replace(answer, body=body, more=(), headers=headers)

"""Stored objects as JSON bytes. Objects are kept encoded, so most answers are joined, never decoded."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from porch.store import StoredVersion
from porch.types.kind import Kind

META_GROUP = "meta.k8s.io"
_VERSION_MARK = b'"resourceVersion":"'


class _Metadata(msgspec.Struct):
    """An object of which only the metadata is looked at, and that not inside."""

    metadata: msgspec.Raw


_decoder = msgspec.json.Decoder(_Metadata)


def object_json(kind: Kind, item: StoredVersion) -> bytes:
    """The object; without a resourceVersion when it was not stored."""
    if item.version:
        return kind.join(item.version, item.tail)
    # The tail begins with the quote that closes the version, then a comma if more metadata follow.
    return kind.head.removesuffix(_VERSION_MARK) + item.tail.removeprefix(b'"').removeprefix(b",")


def partial_object(kind: Kind, item: StoredVersion, version: str) -> bytes:
    """The object's metadata as a PartialObjectMetadata of meta.k8s.io/`version`."""
    metadata = bytes(_decoder.decode(object_json(kind, item)).metadata)
    return b'{"kind":"PartialObjectMetadata","apiVersion":"%s/%s","metadata":%s}' % (
        META_GROUP.encode(),
        version.encode(),
        metadata,
    )


def renamed(item: StoredVersion, name: str) -> StoredVersion:
    """The object under the name that the client called it by."""
    if not name or name == item.key.name:
        return item
    # The name is the first metadata field behind the version (types.meta).
    canonical, wanted = (b'"name":' + msgspec.json.encode(text) for text in (item.key.name, name))
    return replace(item, tail=item.tail.replace(canonical, wanted, 1))

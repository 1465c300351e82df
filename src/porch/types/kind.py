"""A Kind: everything the wire needs to know about one resource, and how its objects are kept encoded.

An object is stored as one JSON text cut at its resourceVersion: the head is the same for all objects of a kind, the
store allots the number inside the commit, so only the tail is kept. Joining three byte strings is an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from porch.errors import ServiceUnavailable
from porch.keys import GroupResource
from porch.types.meta import Object

CRUD = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Kind:
    """One served resource. `subresources` maps a name to its verbs; `verbs` empty means create-only reviews etc.
    `subresource_kinds` names the kinds of those subresources that are not the object itself.
    """

    group: str
    version: str
    name: str
    plural: str
    type: type[Object]
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = CRUD
    subresources: tuple[tuple[str, tuple[str, ...]], ...] = ()
    subresource_kinds: tuple[tuple[str, Kind], ...] = ()
    schema_name: str = ""

    def kind_of(self, subresource: str) -> Kind:
        """What is sent to a subresource and comes back: mostly the whole object."""
        return dict(self.subresource_kinds).get(subresource, self)

    @cached_property
    def singular(self) -> str:
        """Discovery's singular name. PorchPackage is `package`."""
        return "package" if self.plural == "packages" else self.name.lower()

    @cached_property
    def resource(self) -> GroupResource:
        return GroupResource(self.group, self.plural)

    @cached_property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @cached_property
    def list_name(self) -> str:
        return f"{self.name}List"

    @cached_property
    def head(self) -> bytes:
        """All bytes before the resourceVersion's digits."""
        text = f'{{"kind":"{self.name}","apiVersion":"{self.api_version}","metadata":{{"resourceVersion":"'
        return text.encode()

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(self.type)

    def encode_tail(self, obj: Object) -> bytes:
        """The bytes behind the resourceVersion's digits. Sets kind and apiVersion on `obj`."""
        obj.kind, obj.api_version = self.name, self.api_version
        kept, obj.metadata.resource_version = obj.metadata.resource_version, "0"
        try:
            text = _encoder.encode(obj)
        finally:
            obj.metadata.resource_version = kept
        return text[len(self.head) + 1 :]

    def encode(self, obj: Object) -> bytes:
        """The whole JSON text of an object that is not stored (a review, a dry run): without version if it has none."""
        obj.kind, obj.api_version = self.name, self.api_version
        return _encoder.encode(obj)

    def join(self, version: int, tail: bytes) -> bytes:
        """The JSON text of a stored object."""
        return b"%s%d%s" % (self.head, version, tail)

    def decode(self, version: int, tail: bytes) -> Any:
        """The stored object as a fresh instance of `self.type`. Raises ServiceUnavailable when it is damaged."""
        try:
            return self._decoder.decode(self.join(version, tail))
        except (msgspec.MsgspecError, UnicodeDecodeError, TypeError) as error:
            raise ServiceUnavailable.damaged(f"an object of {self.resource} in the database") from error

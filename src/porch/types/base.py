"""How every API type is written: msgspec Structs in snake case, camelCase on the wire, empty fields omitted.

The Structs are the only source of decoding, OpenAPI, unknown-field reports and list merge keys. What JSON Schema has no
word for is said on the field with `Annotated[..., described(...)]`. A field that Go always emits is made with `always`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class Part(msgspec.Struct, kw_only=True, omit_defaults=True, rename="camel"):
    """A piece of an API object. Unknown fields are dropped here and reported by the wire."""


def know_all_types() -> None:
    """Has msgspec look at all Structs of ours now. It does so at the first use of each, which must not be in two
    threads at one time: then it crashes the process.
    """
    waiting = list(msgspec.Struct.__subclasses__())
    while waiting:
        struct = waiting.pop()
        waiting += struct.__subclasses__()
        if struct.__module__.startswith("porch."):
            msgspec.json.Decoder(struct)


def always(make: Callable[[], T]) -> T:
    """A field that is optional on input and never omitted on output, as Go's zero structs are not.

    msgspec omits only plain defaults, never the result of a factory of ours.
    """
    return msgspec.field(default_factory=lambda: make())  # noqa: PLW0108 - `list` itself would be omitted


def described(
    text: str = "", *, merge_key: str = "", merge_set: bool = False, deprecated: bool = False, **schema: Any
) -> msgspec.Meta:
    """Documents a field. `merge_key`/`merge_set` say how a strategic merge patch joins the list; `schema` is added
    to the field's OpenAPI schema as it is.
    """
    extra = dict(schema)
    if merge_key:
        extra |= {
            "x-kubernetes-patch-strategy": "merge",
            "x-kubernetes-patch-merge-key": merge_key,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": [merge_key],
        }
    if merge_set:
        extra |= {"x-kubernetes-patch-strategy": "merge", "x-kubernetes-list-type": "set"}
    if deprecated:
        extra["deprecated"] = True
    return msgspec.Meta(description=text or None, extra_json_schema=extra or None)

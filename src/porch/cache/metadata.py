"""What users put on a package revision: state that git has no place for."""

from __future__ import annotations

import msgspec

from porch.errors import ServiceUnavailable
from porch.types.base import Part
from porch.types.meta import ObjectMeta, OwnerReference
from porch.types.packagerevision import LATEST_LABEL

_encode = msgspec.json.Encoder().encode


class UserMetadata(Part):
    """Kept by the dotted name of its package revision."""

    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    finalizers: list[str] = []
    owner_references: list[OwnerReference] = []
    deletion_timestamp: str | None = None

    @classmethod
    def of(cls, meta: ObjectMeta) -> UserMetadata:
        """Takes an object's metadata; the computed label is not the user's."""
        labels = {key: value for key, value in meta.labels.items() if key != LATEST_LABEL}
        return cls(
            labels=labels,
            annotations=dict(meta.annotations),
            finalizers=list(meta.finalizers),
            owner_references=list(meta.owner_references),
            deletion_timestamp=meta.deletion_timestamp,
        )

    def encode(self) -> bytes | None:
        text = _encode(self)
        return None if text == b"{}" else text

    @classmethod
    def decode(cls, text: bytes | None) -> UserMetadata:
        try:
            return msgspec.json.decode(text, type=cls) if text else cls()
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ServiceUnavailable.damaged("the metadata of a package revision in the database") from error

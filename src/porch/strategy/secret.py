"""Secrets: `stringData` is merged into `data` and never returned; no error says what a value is."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from porch.errors import FieldError, invalid, required, too_long
from porch.strategy import datamap
from porch.strategy.interface import Column, Strategy
from porch.types.core import Secret

OPAQUE = "Opaque"
BASIC_AUTH = "kubernetes.io/basic-auth"
_REQUIRED_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


class SecretStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name", format="name"),
        Column("Type"),
        Column("Data", "integer"),
        Column("Age", "date"),
    )
    selectable: ClassVar[tuple[str, ...]] = ("type",)

    def prepare_for_create(self, obj: Secret) -> None:
        obj.type = obj.type or OPAQUE
        for key, value in obj.string_data.items():
            obj.data[key] = base64.b64encode(value.encode()).decode()
        obj.string_data = {}

    def prepare_for_update(self, obj: Secret, old: Secret, subresource: str) -> None:  # noqa: ARG002
        """A secret sent without its type keeps it."""
        obj.type = obj.type or old.type
        self.prepare_for_create(obj)

    def validate(self, obj: Secret) -> list[FieldError]:
        errors = datamap.key_errors("data", obj.data) + datamap.base64_errors("data", obj.data)
        errors += [required(f"data[{key}]") for key in _REQUIRED_KEYS.get(obj.type, ()) if key not in obj.data]
        if obj.type == BASIC_AUTH and not obj.data.keys() & {"username", "password"}:
            errors += [required(f"data[{key}]", "username or password is needed") for key in ("username", "password")]
        size = sum(datamap.decoded_size(value) or 0 for value in obj.data.values())
        return [*errors, too_long("data", datamap.MAX_BYTES)] if size > datamap.MAX_BYTES else errors

    def validate_update(self, obj: Secret, old: Secret) -> list[FieldError]:
        errors = [invalid("type", obj.type, "field is immutable")] if obj.type != old.type else []
        return errors + datamap.immutable_errors(old.immutable, obj.immutable, ("data", obj.data != old.data))

    def fields(self, obj: Secret) -> dict[str, str]:
        return {"type": obj.type}

    def cells(self, obj: Secret, age: str) -> list[Any]:
        return [obj.metadata.name, obj.type, len(obj.data), age]

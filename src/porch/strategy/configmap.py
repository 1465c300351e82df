"""ConfigMaps: texts in `data`, bytes in `binaryData`, no key in both."""

from __future__ import annotations

from typing import Any, ClassVar

from porch.errors import FieldError, invalid, too_long
from porch.strategy import datamap
from porch.strategy.interface import Column, Strategy
from porch.types.core import ConfigMap


class ConfigMapStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name", format="name"),
        Column("Data", "integer"),
        Column("Age", "date"),
    )

    def validate(self, obj: ConfigMap) -> list[FieldError]:
        errors = datamap.key_errors("data", obj.data) + datamap.key_errors("binaryData", obj.binary_data)
        errors += [
            invalid("data", key, "duplicate of key present in binaryData") for key in obj.data if key in obj.binary_data
        ]
        errors += datamap.base64_errors("binaryData", obj.binary_data)
        size = sum(len(value.encode()) for value in obj.data.values())
        size += sum(datamap.decoded_size(value) or 0 for value in obj.binary_data.values())
        return [*errors, too_long("", datamap.MAX_BYTES)] if size > datamap.MAX_BYTES else errors

    def validate_update(self, obj: ConfigMap, old: ConfigMap) -> list[FieldError]:
        return datamap.immutable_errors(
            old.immutable,
            obj.immutable,
            ("data", obj.data != old.data),
            ("binaryData", obj.binary_data != old.binary_data),
        )

    def cells(self, obj: ConfigMap, age: str) -> list[Any]:
        return [obj.metadata.name, len(obj.data) + len(obj.binary_data), age]

"""Reads functionConfigs as the Go function SDK does: a ConfigMap's data, or an object of the function's own kind.

An object is decoded through JSON into a Go struct. `Struct`, `List` and `Map` describe that struct as far as its
fields matter, and a value of the wrong type gives Go's words for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from porch.function.builtin._sdk import Item, entry, text
from porch.function.interface import ResourceList
from porch.function.results import ERROR, FileRef, ResourceRef, Result
from porch.kyaml import Node, followed

Schema: TypeAlias = "str | Map | List | Struct"


class ConfigError(Exception):
    """The functionConfig cannot be used; the text is Go's."""


@dataclass(frozen=True, slots=True)
class Map:
    """A map with values of one type."""

    of: str = "string"

    @property
    def go(self) -> str:
        return f"map[string]{self.of}"


@dataclass(frozen=True, slots=True)
class List:
    of: Schema
    pointers: bool = False

    @property
    def go(self) -> str:
        return f"[]{'*' if self.pointers else ''}{_go(self.of)}"


@dataclass(frozen=True, slots=True)
class Struct:
    """`go` is the type with its package. A field's name may be preceded by the structs that it is embedded in."""

    go: str
    fields: dict[str, Schema]


def is_empty(config: Node | None) -> bool:
    return config is None or (config.kind == "mapping" and not config.content)


def is_placeholder(config: Node) -> bool:
    """What kpt hands over when there is no functionConfig: a ConfigMap without data."""
    data = entry(config, "data")
    if data is None or data.kind != "mapping" or data.content:
        return False
    return text(config, "kind") == "ConfigMap" and text(config, "metadata", "name") == "function-input"


def string_map(node: Node) -> dict[str, str]:
    """A mapping of scalars, as their text; what is no scalar is left out, as Go's YAML decoder does."""
    pairs = zip(node.content[::2], node.content[1::2], strict=True)
    scalars = ((key.value, followed(value)) for key, value in pairs)
    return {key: "" if value.tag == "!!null" else value.value for key, value in scalars if value.kind == "scalar"}


def decode(node: Node, struct: Struct, name: str = "") -> dict[str, Any]:
    """The fields of an object, those with a value. Raises ConfigError with the words of Go's JSON decoder."""
    found: dict[str, Any] = {}
    if node.kind != "mapping":
        return found
    values = {key.value: followed(value) for key, value in zip(node.content[::2], node.content[1::2], strict=True)}
    spelled = {field.rpartition(".")[2].lower(): (field, schema) for field, schema in struct.fields.items()}
    for key in sorted(values):
        if key.lower() in spelled and values[key].tag != "!!null":  # Go accepts capitals, too
            field, schema = spelled[key.lower()]
            value = _value(values[key], schema, struct, f"{name}.{field}" if name else field)
            found[field.rpartition(".")[2]] = value
    return found


def config_result(message: str, config: Node) -> Result:
    """An error that names the functionConfig."""
    item = Item(config)
    index = item.annotation("internal.config.kubernetes.io/index")
    number = int(index) if index.lstrip("+-").isdecimal() else 0
    return Result(
        message,
        ERROR,
        resource_ref=ResourceRef(item.api_version, item.whole_kind, item.name, item.namespace),
        file=FileRef(item.annotation("internal.config.kubernetes.io/path"), number if index else -1),
    )


def report(resources: ResourceList, message: str, severity: str) -> None:
    resources.results.append(Result(message, severity))


def _value(node: Node, schema: Schema, struct: Struct, name: str) -> Any:
    if node.tag == "!!null":
        return _nothing(schema)
    match schema:
        case Map() if node.kind == "mapping":
            pairs = zip(node.content[::2], node.content[1::2], strict=True)
            return {
                key.value: _value(followed(value), schema.of, struct, name)
                for key, value in sorted(pairs, key=lambda pair: pair[0].value)
            }
        case List() if node.kind == "sequence":
            return [_value(followed(item), schema.of, struct, name) for item in node.content]
        case Struct() if node.kind == "mapping":
            return decode(node, schema, name)
        case str() if node.kind == "scalar":
            return _scalar(node, schema, struct, name)
    raise _mismatch(_json_type(node), struct, name, _go(schema))


def _nothing(schema: Schema) -> Any:
    match schema:
        case List():
            return []
        case Map() | Struct():
            return {}
    return {"string": "", "int": 0, "bool": False}[schema]


def _scalar(node: Node, wanted: str, struct: Struct, name: str) -> Any:
    kind = _json_type(node)
    if wanted == "int" and kind == "number":
        try:
            return int(node.value.replace("0o", ""), 8 if node.value.startswith("0o") else 10)
        except ValueError:
            kind = f"number {node.value}"
    elif wanted == "bool" and kind == "bool":
        return node.value.lower() == "true"
    elif wanted == "string" and kind == "string":
        return node.value
    raise _mismatch(kind, struct, name, wanted)


def _json_type(node: Node) -> str:
    if node.kind != "scalar":
        return "array" if node.kind == "sequence" else "object"
    return {"!!int": "number", "!!float": "number", "!!bool": "bool"}.get(node.tag, "string")


def _mismatch(kind: str, struct: Struct, name: str, wanted: str) -> ConfigError:
    owner = struct.go.rpartition(".")[2]
    return ConfigError(f"json: cannot unmarshal {kind} into Go struct field {owner}.{name} of type {wanted}")


def _go(schema: Schema) -> str:
    return schema if isinstance(schema, str) else schema.go

"""The YAML node model of the Go tools: text to nodes with comments and styles, and back, byte for byte as they do it.

`parse(text)` gives the root of each document and raises YamlError; `emit(root)` writes one document, `wide=True` with
the items of lists indented below their key. Roots and everything below are `Node`, with the fields of Go's yaml.v3 (see
`node.py`). `get`, `find`, `put`, `drop` and `require` work on fields of mappings; `text` and `from_value` make nodes,
`to_value` reads one as JSON. `annotate` sets annotations as kyaml does, in single quotes, or plain as the SDK does.
An emitted node is not changed, and a parsed one is yours: change it, or `copy` it first when others hold it.
"""

from porch.krm.errors import YamlError
from porch.kyaml.emit import emit
from porch.kyaml.fields import (
    annotate,
    annotation,
    change,
    drop,
    find,
    get,
    pairs,
    place,
    put,
    require,
    text_of,
    unannotate,
)
from porch.kyaml.node import Node, copy, followed, mapping, pack, sequence, text, to_bytes, unpack, walk
from porch.kyaml.parse import parse, parse_one
from porch.kyaml.values import from_value, to_value

__all__ = [
    "Node",
    "YamlError",
    "annotate",
    "annotation",
    "change",
    "copy",
    "drop",
    "emit",
    "find",
    "followed",
    "from_value",
    "get",
    "mapping",
    "pack",
    "pairs",
    "parse",
    "parse_one",
    "place",
    "put",
    "require",
    "sequence",
    "text",
    "text_of",
    "to_bytes",
    "to_value",
    "unannotate",
    "unpack",
    "walk",
]

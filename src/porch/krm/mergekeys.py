"""The marks by which an upgrade knows a resource again, whatever its name is by then.

Each resource gets kpt's merge comment on its `metadata:` line and the annotation with its upstream identifier, in the
bytes that upstream writes. Nothing else of the file changes: comments, order and layout stay. A document in a layout
that cannot take the marks without harm stays without them, and is then known by its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from porch.krm.errors import YamlError
from porch.krm.lines import Edit, apply_edits, block_end, column, line_end_after, own_line
from porch.krm.write import block
from porch.krm.yaml import Mapping, Node, Scalar, decode_text, documents, target_of, value_of

IDENTIFIER = "internal.kpt.dev/upstream-identifier"
_PREFIX = "kpt-merge:"
_BOM = "\ufeff".encode()
_REST = re.compile(r"(?P<before>[^#\r\n]*?)[ \t]*(?P<comment>#[^\r\n]*)?(?P<end>\r?\n|$)")
_CACHED_BYTES = 64 * 1024


class _OddLayout(Exception):
    """The document cannot be marked by small edits."""


def identifier(api_version: str, kind: str, namespace: str, name: str) -> str:
    """The value of the annotation. An empty namespace is written as `default`, whatever the kind."""
    group = api_version.rpartition("/")[0]
    return f"{group}|{kind}|{namespace or 'default'}|{name}"


def is_marked_file(path: str) -> bool:
    """Whether files of this name hold resources that are marked."""
    return path.rpartition("/")[2] == "Kptfile" or path.endswith((".yaml", ".yml"))


def add_merge_keys(data: bytes) -> bytes:
    """A YAML file with its marks. What is no YAML comes back as it is: others say what is wrong with it."""
    return _cached(data) if len(data) <= _CACHED_BYTES else _marked(data)


def _marked(data: bytes) -> bytes:
    try:
        text = decode_text(data)
        roots = documents(text)
    except YamlError:
        return data
    edits = [edit for root in roots for edit in _edits_of(text, root)]
    return (_BOM if data.startswith(_BOM) else b"") + apply_edits(text, edits).encode() if edits else data


@lru_cache(maxsize=512)
def _cached(data: bytes) -> bytes:
    """One blueprint is cloned many times."""
    return _marked(data)


def _edits_of(text: str, root: Node) -> list[Edit]:
    if not isinstance(root, Mapping) or root.flow:
        return []
    try:
        document = _Document.of(text, root)
        return document.edits() if document else []
    except (_OddLayout, YamlError):
        return []


@dataclass(slots=True)
class _Document:
    """A resource: where its metadata stand, and what it is called upstream."""

    text: str
    key: Node
    metadata: Mapping
    api_version: str
    kind: str
    namespace: str
    name: str
    comment: str
    """What stands behind `metadata:` as a comment, with its `#`."""
    has_merge_comment: bool
    _edits: list[Edit] = field(default_factory=list)

    @classmethod
    def of(cls, text: str, root: Mapping) -> _Document | None:
        """None for what is no resource with a name, a namespace or labels."""
        key, metadata = _pair(root, "metadata")
        if key is None or not isinstance(metadata, Mapping):
            return None
        namespace, name = _word(metadata, "namespace"), _word(metadata, "name")
        if not (namespace or name or metadata.find("labels")):
            return None
        comment = _behind(text, metadata.end if metadata.flow else key.end)["comment"] or ""
        if marked := _PREFIX in comment:
            namespace, _, name = comment.partition(_PREFIX)[2].strip().partition("/")
        version, kind = _word(root, "apiVersion"), _word(root, "kind")
        return cls(text, key, metadata, version, kind, namespace, name, comment, marked)

    def edits(self) -> list[Edit]:
        if self.metadata.flow:
            return self._as_block()
        self._put_comment()
        self._put_annotation()
        return self._edits

    @property
    def _merge_comment(self) -> str:
        return f"# {_PREFIX} {self.namespace}/{self.name}"

    @property
    def _value(self) -> str:
        text = identifier(self.api_version, self.kind, self.namespace, self.name)
        return "'" + text.replace("'", "''") + "'"

    def _put_comment(self) -> None:
        """Another comment moves to a line of its own, below."""
        if self.has_merge_comment:
            return
        found = _behind(self.text, self.key.end)
        if not found["end"] or self.metadata.start < found.end() or found["before"].lstrip()[:1] != ":":
            raise _OddLayout
        self._edits.append(Edit(found.start(), found.start("end"), f"{found['before']} {self._merge_comment}"))
        if found["comment"]:
            moved = own_line(self.text, found["comment"], self._indent(self.metadata))
            self._edits.append(Edit(found.end(), found.end(), moved))

    def _put_annotation(self) -> None:
        key, annotations = _pair(self.metadata, "annotations")
        entry = f"{IDENTIFIER}: {self._value}"
        if key is None or annotations is None:
            place, column_ = block_end(self.text, self.metadata), self._indent(self.metadata)
            self._insert(place, ("annotations:", column_), (entry, column_ + 2))
        elif isinstance(annotations, Mapping) and annotations.pairs:
            self._put_entry(annotations, entry)
        elif isinstance(annotations, Mapping) or (isinstance(annotations, Scalar) and _is_null(annotations)):
            self._fill_empty(key, annotations, entry)
        else:
            raise _OddLayout

    def _put_entry(self, annotations: Mapping, entry: str) -> None:
        old = annotations.find(IDENTIFIER)
        if isinstance(old, Scalar) and old.style not in {"|", ">"} and old.text:
            self._edits.append(Edit(old.start, old.end, self._value))
        elif old is not None:
            raise _OddLayout
        elif annotations.flow:
            inside = self.text[annotations.start + 1 : annotations.end - 1].rstrip()
            comma = "" if inside.endswith(",") else ","
            if "#" in inside:
                raise _OddLayout
            place = annotations.start + 1 + len(inside)
            self._edits.append(Edit(place, place, f"{comma} {entry}"))
        else:
            self._insert(block_end(self.text, annotations), (entry, self._indent(annotations)))

    def _fill_empty(self, key: Node, annotations: Node, entry: str) -> None:
        """`annotations:`, `annotations: {}` or `annotations: null`."""
        found = _behind(self.text, key.end)
        if found["before"].strip(" \t:") not in {"", "{}", "null", "~", "Null", "NULL"} or not found["end"]:
            raise _OddLayout
        if annotations.end > annotations.start:
            self._edits.append(Edit(key.end, annotations.end, ":"))
        self._insert(line_end_after(self.text, key.end), (entry, column(self.text, key.start) + 2))

    def _insert(self, place: int, *lines: tuple[str, int]) -> None:
        gap = "" if place == 0 or self.text[place - 1] == "\n" else own_line(self.text, "", 0)
        added = "".join(own_line(self.text, line, indent) for line, indent in lines)
        self._edits.append(Edit(place, place, gap + added))

    def _indent(self, mapping: Mapping) -> int:
        return column(self.text, mapping.pairs[0][0].start)

    def _as_block(self) -> list[Edit]:
        """Metadata in flow style, written anew in block style: a comment has no place in it."""
        inside = self.text[self.metadata.start : self.metadata.end]
        found = _behind(self.text, self.metadata.end)
        if "#" in inside or "&" in inside or found["before"].strip():
            raise _OddLayout
        value = value_of(self.metadata)
        annotations = value.get("annotations")
        value["annotations"] = (annotations if isinstance(annotations, dict) else {}) | {IDENTIFIER: "0"}
        _, lines = block(value, wide=False, below_key=True)
        base = column(self.text, self.key.start)
        written = [line.replace(f'{IDENTIFIER}: "0"', f"{IDENTIFIER}: {self._value}") for line in lines]
        kept = [] if self.has_merge_comment or not found["comment"] else [f"  {found['comment']}"]
        comment = found["comment"] if self.has_merge_comment else self._merge_comment
        below = "".join(own_line(self.text, line, base) for line in [*kept, *written])
        line = own_line(self.text, f": {comment}", 0)
        return [Edit(self.key.end, line_end_after(self.text, self.metadata.end), line + below)]


def _behind(text: str, place: int) -> re.Match[str]:
    """The rest of the line from `place` on: what comes before a comment, the comment, the line's end."""
    found = _REST.match(text, place)
    if found is None:
        raise _OddLayout
    return found


def _pair(mapping: Mapping, name: str) -> tuple[Node | None, Node | None]:
    pairs = (pair for pair in mapping.pairs if isinstance(pair[0], Scalar) and pair[0].text == name)
    return next(pairs, (None, None))


def _word(mapping: Mapping, name: str) -> str:
    value = mapping.find(name)
    scalar = target_of(value) if value else None
    return scalar.text if isinstance(scalar, Scalar) and not _is_null(scalar) else ""


def _is_null(scalar: Scalar) -> bool:
    return not scalar.style and scalar.text in {"", "~", "null", "Null", "NULL"}

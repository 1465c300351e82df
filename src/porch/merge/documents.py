"""A YAML file as its documents: where each begins, and which resource it is.

The text between two documents (the separator, documents that hold only comments) belongs to the one below it, so the
joined parts are the file. Identity is group, kind, namespace and name; a `# kpt-merge: namespace/name` comment on
`metadata:` overrides the last two, so that an object that was renamed locally is still upstream's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from porch.krm import yaml
from porch.krm.errors import YamlError
from porch.merge.tree import Opaque

_MARK = re.compile(r"^(?:---|\.\.\.|%).*$", re.MULTILINE)
_CONTENT = re.compile(r"^[ \t]*[^#\s]", re.MULTILINE)
_HEADER = re.compile(r"^(apiVersion|kind|metadata)[ \t]*:(.*)$", re.MULTILINE)
_WORD = re.compile(r"[ \t]+([\"']?)([A-Za-z0-9][\w./-]*)\1[ \t]*(?:[ \t]#.*)?\r?")
_NOTHING = re.compile(r"[ \t]*(?:#.*)?\r?")
_TOP = re.compile(r"^[^\s#]", re.MULTILINE)
_CHILD = re.compile(r"^( +)([^\s#:\"'][^:\n]*|\"[^\"\n]*\"|'[^'\n]*'):(.*)$", re.MULTILINE)
_MERGE_COMMENT = re.compile(r"#[ \t]*kpt-merge:[ \t]*([^\s/]*)/([^\s/]+)")


class Identity(NamedTuple):
    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return "/".join(part for part in self if part)


@dataclass(frozen=True, slots=True)
class Part:
    """One document. `lead` is all text between the one before and its first line."""

    lead: str
    body: str
    identity: Identity


@dataclass(frozen=True, slots=True)
class File:
    parts: dict[Identity, Part] = field(default_factory=dict)
    tail: str = ""
    """What follows the last document: a separator, or comments below one."""
    bom: bool = False

    @property
    def line_end(self) -> str:
        return "\r\n" if any("\r\n" in part.body for part in self.parts.values()) else "\n"


def read(data: bytes) -> File:
    """Raises Opaque when the file is not a series of distinct resources."""
    try:
        text = yaml.decode_text(data)
        parts: dict[Identity, Part] = {}
        lead = ""
        for separator, body in _segments(text):
            if not _CONTENT.search(body):
                lead += separator + body
                continue
            identity = _identity(body)
            if identity in parts:
                raise Opaque(f"the resource {identity} is in it twice")
            parts[identity] = Part(lead + separator, body, identity)
            lead = ""
    except YamlError as error:
        raise Opaque(error.problem) from error
    if not parts:
        raise Opaque("it holds no resources")
    return File(parts, lead, bom=data.startswith(b"\xef\xbb\xbf"))


def _segments(text: str) -> Iterator[tuple[str, str]]:
    """Separator line and text below it; the first separator may be empty."""
    separator, begin = "", 0
    for mark in _MARK.finditer(text):
        line = mark[0]
        rest = line[3:].lstrip(" \t\r")
        if not line.startswith("---") or (rest and not (rest.startswith("#") and line[3] in " \t")):
            if line.startswith("---") and line[3] not in " \t\r":
                continue
            raise Opaque("it holds more than documents and separators")
        if separator or begin < mark.start():
            yield separator, text[begin : mark.start()]
        begin = mark.end() + 1
        separator = text[mark.start() : begin]
    yield separator, text[begin:]


def _identity(body: str) -> Identity:
    """Found by a look at the lines when they are plain, which nearly all are; else from the parsed document."""
    identity = _plain_identity(body)
    return identity if identity is not None else _parsed_identity(body)


def _plain_identity(body: str) -> Identity | None:
    found = {match[1]: match for match in _HEADER.finditer(body)}
    version, kind, metadata = (found.get(name) for name in ("apiVersion", "kind", "metadata"))
    if not (version and kind and metadata) or len(_HEADER.findall(body)) > 3 or not _NOTHING.fullmatch(metadata[2]):
        return None
    words = [_WORD.fullmatch(match[2]) for match in (version, kind)]
    below = _TOP.search(body, metadata.end() + 1)
    children = list(_CHILD.finditer(body, metadata.end() + 1, below.start() if below else len(body)))
    names = {"name": "", "namespace": ""}
    for child in children:
        if child[1] == children[0][1] and child[2].strip("\"'") in names:
            word = _WORD.fullmatch(child[3])
            if word is None:
                return None
            names[child[2].strip("\"'")] = word[2]
    if not (words[0] and words[1]):
        return None
    return _named(words[0][2], words[1][2], names["namespace"], names["name"], metadata[2])


def _parsed_identity(body: str) -> Identity:
    roots = yaml.documents(body)
    root = roots[0] if len(roots) == 1 else None
    if not isinstance(root, yaml.Mapping):
        raise Opaque("a document in it is no resource")
    metadata = root.find("metadata")
    comment = ""
    if metadata is not None:
        line_end = body.find("\n", body.rfind("\n", 0, metadata.start - 1) + 1)
        key = next(key for key, value in root.pairs if value is metadata)
        comment = body[key.end : body.find("\n", key.end) if "\n" in body[key.end :] else line_end]
    words = (_text(root, "apiVersion"), _text(root, "kind"), _text(metadata, "namespace"), _text(metadata, "name"))
    return _named(*words, comment)


def _named(version: str, kind: str, namespace: str, name: str, comment: str) -> Identity:
    group = version.partition("/")[0] if "/" in version else ""
    if merge := _MERGE_COMMENT.search(comment):
        namespace, name = merge[1], merge[2]
    return Identity(group, kind, namespace, name)


def _text(node: yaml.Node | None, key: str) -> str:
    mapping = yaml.target_of(node) if node else None
    value = mapping.find(key) if isinstance(mapping, yaml.Mapping) else None
    scalar = yaml.target_of(value) if value else None
    return scalar.text if isinstance(scalar, yaml.Scalar) else ""


# --- what Porch and kpt write into a document when they clone it

_MARKED_LINE = re.compile(r"^(metadata:)[ \t]*#[ \t]*kpt-merge:[^\r\n]*", re.MULTILINE)
_IDENTIFIER = re.compile(r"^[ \t]+internal\.kpt\.dev/upstream-identifier:[^\n]*\n?", re.MULTILINE)
_EMPTY_ANNOTATIONS = re.compile(r"^([ \t]+)annotations:[ \t]*\r?\n(?!\1[ \t]+\S)", re.MULTILINE)


def without_marks(body: str) -> str:
    """The document as it was before a clone marked it with its origin."""
    text = _MARKED_LINE.sub(r"\1", body)
    text, count = _IDENTIFIER.subn("", text)
    return _EMPTY_ANNOTATIONS.sub("", text) if count else text

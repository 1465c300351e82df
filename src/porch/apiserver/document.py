"""Documents that are the same for everybody: encoded once, with an ETag, a 304 and a kept gzip form.

Discovery and OpenAPI make theirs with this and choose among them by the clauses of the Accept header. An Answer that
carries `Content-Encoding` is compressed already. Nothing here knows what a document says.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from porch.apiserver.interface import Answer, DocumentRequest
from porch.apiserver.negotiate import JSON
from porch.errors import NotAcceptable


@dataclass(frozen=True)
class Document:
    """An encoded document. `headers` accompany every answer, also a 304."""

    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """What Kubernetes calls the hash: SHA-512 in upper-case hex."""
        return hashlib.sha512(self.body).hexdigest().upper()

    @cached_property
    def _gzipped(self) -> bytes:
        return gzip.compress(self.body, compresslevel=6, mtime=0)

    def answer(
        self, request: DocumentRequest, *, more: Mapping[str, str] | None = None, may_gzip: bool = False
    ) -> Answer:
        """200, or 304 when the client has this very document. `more` are headers of this answer alone."""
        etag = f'"{self.digest}"'
        headers = {**self.headers, **(more or {}), "ETag": etag}
        if _names(request.headers.get("if-none-match", ""), etag):
            return Answer(b"", self.content_type, 304, headers)
        if may_gzip and _takes_gzip(request.headers.get("accept-encoding", "")):
            return Answer(self._gzipped, self.content_type, 200, {**headers, "Content-Encoding": "gzip"})
        return Answer(self.body, self.content_type, 200, headers)


def _names(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags


def _takes_gzip(accept_encoding: str) -> bool:
    return any(item.name == "gzip" and item.weight > 0 for item in _items(accept_encoding))


@dataclass(frozen=True, slots=True)
class Clause:
    """One item of an Accept header: a lower-case name, its weight and its other parameters."""

    name: str
    weight: float
    parameters: Mapping[str, str]

    @property
    def takes_json(self) -> bool:
        return self.name in {JSON, "application/*", "*/*"}


def accepted(request: DocumentRequest) -> list[Clause]:
    """The clauses of the Accept header, the client's favourite first; without a header anything goes."""
    wanted = [item for item in _items(request.headers.get("accept") or "*/*") if item.weight > 0]
    return sorted(wanted, key=lambda item: -item.weight)


def _items(header: str) -> list[Clause]:
    return [_item(*part.split(";")) for part in header.split(",")]


def _item(name: str, *rest: str) -> Clause:
    pairs = (piece.partition("=") for piece in rest)
    parameters = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
    return Clause(name.strip().lower(), _weight(parameters.pop("q", "1")), parameters)


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def not_acceptable() -> NotAcceptable:
    return NotAcceptable(f"only the following media types are accepted: {JSON}")

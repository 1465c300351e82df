"""OpenAPI: what kubectl validates, explains and patches by. Made from the Kinds at the first request, then kept.

`/openapi/v3` is an index of documents, each under a URL with its hash so that clients cache it for ever;
`/openapi/v2` is one document, as JSON for kube-aggregator and as protobuf for kubectl 1.26 and older, which know no v3.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formatdate
from functools import cached_property
from time import time
from typing import Any

import msgspec

from porch.apiserver.discovery import group_versions
from porch.apiserver.document import Document, accepted, not_acceptable
from porch.apiserver.interface import Answer, DocumentRequest
from porch.types import Kind

_INDEX, _V2 = "/openapi/v3", "/openapi/v2"
PROTOBUF_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
PROTOBUF_NAMES = {PROTOBUF_TYPE, PROTOBUF_TYPE.replace("v2.v1", "v2@v1")}  # the newer and the older spelling
_VARY = {"Vary": "Accept, Accept-Encoding"}
_YEAR = 365 * 24 * 3600


class OpenApi:
    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = tuple(kinds)

    def answer(self, request: DocumentRequest) -> Answer | None:
        """The answer to a GET, or None when the path is not OpenAPI's. Raises NotAcceptable."""
        path = request.path.rstrip("/")
        document = self._document(path)
        if document is None:
            return None
        document = self._form(document, request)
        asked = "".join(request.query.get("hash", ())[-1:])
        if not asked or path not in self._version_3:
            return document.answer(request, may_gzip=True)
        if asked != document.digest:
            return Answer(b"", status=301, headers={"Location": _url(path, document)})
        return document.answer(request, more=_for_ever(), may_gzip=True)

    def _form(self, document: Document, request: DocumentRequest) -> Document:
        """What the client likes best of JSON and, for OpenAPI 2, protobuf. Raises NotAcceptable."""
        for clause in accepted(request):
            if clause.takes_json:
                return document
            if clause.name in PROTOBUF_NAMES and document is self._version_2:
                return self._version_2_protobuf
        raise not_acceptable()

    def _document(self, path: str) -> Document | None:
        if path == _INDEX:
            return self._index
        if path == _V2:
            return self._version_2
        return self._version_3.get(path) if path.startswith(_INDEX) else None

    @cached_property
    def _version_3(self) -> dict[str, Document]:
        """A document for each path below the index."""
        from porch.apiserver.openapi.documents import version_3

        documents = {}
        for group, version in group_versions(self._kinds):
            kinds = [kind for kind in self._kinds if (kind.group, kind.version) == (group, version)]
            path = f"{_INDEX}/apis/{group}/{version}" if group else f"{_INDEX}/api/{version}"
            documents[path] = _encoded(version_3(kinds))
        return documents

    @cached_property
    def _index(self) -> Document:
        urls = {
            path.removeprefix(f"{_INDEX}/"): {"serverRelativeURL": _url(path, document)}
            for path, document in self._version_3.items()
        }
        return _encoded({"paths": urls})

    @cached_property
    def _version_2(self) -> Document:
        from porch.apiserver.openapi.documents import version_2

        return _encoded(version_2(self._kinds))

    @cached_property
    def _version_2_protobuf(self) -> Document:
        from porch.apiserver.openapi.documents import version_2
        from porch.apiserver.openapi.protobuf import encode

        return Document(encode(version_2(self._kinds)), PROTOBUF_TYPE, _VARY)


def _encoded(document: dict[str, Any]) -> Document:
    return Document(msgspec.json.encode(document), headers=_VARY)


def _url(path: str, document: Document) -> str:
    return f"{path}?hash={document.digest}"


def _for_ever() -> dict[str, str]:
    """A hash in the URL pins the content."""
    return {"Cache-Control": "public, immutable", "Expires": formatdate(time() + _YEAR, usegmt=True)}

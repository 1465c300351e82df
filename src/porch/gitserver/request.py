"""The three paths of git smart HTTP, and nothing else, out of an ASGI scope."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from porch.apiserver.interface import ClientCertificate
from porch.apiserver.request import CERTIFICATE
from porch.errors import Forbidden, MethodNotAllowed, NotFound, UnsupportedMediaType
from porch.keys import label_problems, subdomain_problems

Scope = MutableMapping[str, Any]
UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
_PATH = re.compile(r"/git/([^/]+)/([^/]+)\.git/(.+)")
_PROTOCOL = re.compile(rb"version=[12]")
_DUMB = "this server speaks git's smart protocol only"


@dataclass(frozen=True, slots=True)
class Request:
    """`advertise` is the first request of a conversation: which refs are there? `protocol` is for GIT_PROTOCOL."""

    namespace: str
    name: str
    service: str
    advertise: bool
    protocol: str
    header_list: Sequence[tuple[bytes, bytes]]
    certificate: ClientCertificate | None

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.header_list)

    @property
    def second_protocol(self) -> bool:
        return self.protocol == "version=2"

    @property
    def answer_type(self) -> bytes:
        return f"application/x-{self.service}-{'advertisement' if self.advertise else 'result'}".encode()


def parse(scope: Scope) -> Request:
    """Raises NotFound, Forbidden, MethodNotAllowed, UnsupportedMediaType."""
    found = _PATH.fullmatch(scope["path"])
    if found is None or label_problems(found[1]) or subdomain_problems(found[2]):
        raise NotFound("there is no such repository; the URL is .../git/NAMESPACE/NAME.git")
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    service, advertise = _service(found[3], scope, dict(headers))
    offered = dict(headers).get(b"git-protocol", b"")
    # Pushes have no second version: git asks for it all the same, and must get the first.
    protocol = offered.decode() if service == UPLOAD and _PROTOCOL.fullmatch(offered) else ""
    certificate = (scope.get("extensions") or {}).get(CERTIFICATE)
    return Request(found[1], found[2], service, advertise, protocol, headers, certificate)


def _service(rest: str, scope: Scope, headers: dict[bytes, bytes]) -> tuple[str, bool]:
    advertise = rest == "info/refs"
    service = parse_qs(scope["query_string"].decode("latin-1")).get("service", [""])[0] if advertise else rest
    if service not in {UPLOAD, RECEIVE}:
        raise Forbidden(_DUMB)
    if scope["method"] != ("GET" if advertise else "POST"):
        raise MethodNotAllowed
    if not advertise and headers.get(b"content-type") != f"application/x-{service}-request".encode():
        raise UnsupportedMediaType(f"the body must be of type application/x-{service}-request")
    return service, advertise

"""The index at `/`: every document that there is to look at, for people with a browser or curl."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from porch.apiserver.discovery import group_versions
from porch.apiserver.interface import Answer, DocumentRequest
from porch.types import Kind

_ALWAYS = ("/api", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version")


class Paths:
    def __init__(self, kinds: Sequence[Kind]) -> None:
        paths = set(_ALWAYS)
        for group, version in group_versions(kinds):
            paths |= {f"/apis/{group}", f"/apis/{group}/{version}"} if group else {f"/api/{version}"}
        self._body = msgspec.json.format(msgspec.json.encode({"paths": sorted(paths)}), indent=2) + b"\n"

    def answer(self, request: DocumentRequest) -> Answer | None:
        """None for every path but `/`."""
        return None if request.path.strip("/") else Answer(self._body)

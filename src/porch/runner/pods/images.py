"""What a registry says about an image: its digest, and which program it starts.

The wrapper in a pod takes the place of that program and starts it for each call, so it must know it. Answers are kept:
a tag that moves means what it meant when this runner first saw it.
"""

from __future__ import annotations

import base64
import hashlib
import platform
import re
from dataclasses import dataclass
from typing import Any

import httpx2
import msgspec

from porch.errors import ServiceUnavailable
from porch.function.images import Image, parse_image

_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_HUB = "registry-1.docker.io"
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class ImageFacts:
    digest: str
    command: tuple[str, ...]


class Registry:
    """Any registry of the distribution protocol. Safe to call from any thread."""

    def __init__(self, auth: str = "") -> None:
        """`auth` is the content of a .dockerconfigjson."""
        self._auths: dict[str, Any] = (msgspec.json.decode(auth) if auth else {}).get("auths", {})
        self._http = httpx2.Client(timeout=_SECONDS, follow_redirects=True)
        self._known: dict[str, ImageFacts] = {}

    def facts(self, image: str) -> ImageFacts:
        """Raises ServiceUnavailable when they cannot be had."""
        if image not in self._known:  # who asks at the same time gets the same answer
            self._known[image] = self._ask(image)
        return self._known[image]

    def close(self) -> None:
        self._http.close()

    def _ask(self, image: str) -> ImageFacts:
        try:
            return self._read(parse_image(image))
        except (httpx2.HTTPError, msgspec.DecodeError, KeyError, TypeError, StopIteration) as error:
            why = str(error) or type(error).__name__
            raise ServiceUnavailable(f"unable to get the entrypoint for {image}: {why}") from error

    def _read(self, image: Image) -> ImageFacts:
        host, path = _place(image)
        base = f"{_scheme(host)}://{host}/v2/{path}"
        reply = self._get(f"{base}/manifests/{image.digest or image.tag or 'latest'}", host)
        digest = f"sha256:{hashlib.sha256(reply.content).hexdigest()}"
        manifest = msgspec.json.decode(reply.content)
        if "manifests" in manifest:
            ours = next(item for item in manifest["manifests"] if _is_ours(item.get("platform", {})))
            manifest = msgspec.json.decode(self._get(f"{base}/manifests/{ours['digest']}", host).content)
        config = msgspec.json.decode(self._get(f"{base}/blobs/{manifest['config']['digest']}", host).content)
        program = config.get("config", {})
        return ImageFacts(digest, tuple(program.get("Entrypoint") or program.get("Cmd") or ()))

    def _get(self, url: str, host: str) -> httpx2.Response:
        headers = {"Accept": ", ".join(_MANIFESTS)}
        reply = self._http.get(url, headers=headers)
        if reply.status_code == 401:
            authorization = self._authorization(reply.headers.get("WWW-Authenticate", ""), host)
            reply = self._http.get(url, headers=headers | {"Authorization": authorization})
        reply.raise_for_status()
        return reply

    def _authorization(self, challenge: str, host: str) -> str:
        basic = self._basic(host)
        if challenge.lower().startswith("basic"):
            return basic
        words = dict(_CHALLENGE.findall(challenge))
        query = {name: words[name] for name in ("service", "scope") if name in words}
        reply = self._http.get(words["realm"], params=query, headers={"Authorization": basic} if basic else {})
        reply.raise_for_status()
        answer = msgspec.json.decode(reply.content)
        return f"Bearer {answer.get('token') or answer['access_token']}"

    def _basic(self, host: str) -> str:
        found = self._auths.get(host) or self._auths.get(f"https://{host}") or {}
        plain = f"{found.get('username', '')}:{found.get('password', '')}".encode()
        encoded = found.get("auth") or (base64.b64encode(plain).decode() if plain != b":" else "")
        return f"Basic {encoded}" if encoded else ""


def _place(image: Image) -> tuple[str, str]:
    """The registry's host, and the path there."""
    path = f"{image.repository}/{image.name}" if image.repository else image.name
    host, found, rest = path.partition("/")
    if found and ("." in host or ":" in host or host == "localhost"):
        return host, rest
    return _HUB, path if found else f"library/{path}"


def _scheme(host: str) -> str:
    """A registry on this machine needs no TLS, as everywhere."""
    return "http" if host.partition(":")[0] in {"localhost", "127.0.0.1"} else "https"


def _is_ours(wanted: dict[str, str]) -> bool:
    machine = platform.machine()
    return (wanted.get("os"), wanted.get("architecture")) == ("linux", _ARCHITECTURES.get(machine, machine))

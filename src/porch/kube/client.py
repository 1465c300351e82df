"""A small Kubernetes client: what the command line, the demonstration and the bench need, over one kept connection.

Synchronous. Errors of the server come back as the PorchError of their code; a server that cannot be reached is
ServiceUnavailable.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec

from porch import errors
from porch.errors import BadRequest, NotFound, PorchError, ServiceUnavailable
from porch.kube.config import Context

_BY_REASON: dict[str, type[PorchError]] = {
    kind.reason: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PorchError)
}


class Client:
    def __init__(self, context: Context, *, seconds: float = 60.0) -> None:
        """`seconds` is the time that one request may take."""
        self.context = context
        headers = {"Authorization": f"Bearer {context.token}"} if context.token else {}
        self._http = httpx2.Client(
            base_url=context.server, verify=_tls(context), headers=headers, timeout=seconds, trust_env=False
        )
        self._resources: dict[str, dict[str, dict[str, Any]]] = {}

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """Sends one request and returns the decoded answer. Raises the server's error."""
        response = self.send(method, path, body, content_type=content_type, query=query)
        answer = _decoded(response)
        if response.status_code >= 400:
            raise _error(response.status_code, answer)
        return answer

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """As `request`, but returns the response as it came, errors included."""
        content = body if isinstance(body, bytes | None) else msgspec.json.encode(body)
        headers = {"Accept": "application/json"} | ({"Content-Type": content_type} if content is not None else {})
        try:
            return self._http.request(method, path, content=content, headers=headers, params=query)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ServiceUnavailable(f"cannot reach {self.context.server}: {error}") from error

    def path(self, api_version: str, kind: str, namespace: str = "", name: str = "") -> str:
        """The path of a kind's collection, or of one object. Raises NotFound when the server has no such kind."""
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        if api_version not in self._resources:
            listed = self.request("GET", base)["resources"]
            self._resources[api_version] = {item["kind"]: item for item in listed if "/" not in item["name"]}
        resource = self._resources[api_version].get(kind)
        if resource is None:
            raise NotFound(f'the server has no kind "{kind}" in version "{api_version}"')
        scope = f"/namespaces/{quote(namespace or self.context.namespace)}" if resource["namespaced"] else ""
        return f"{base}{scope}/{resource['name']}" + (f"/{quote(name)}" if name else "")

    def close(self) -> None:
        self._http.close()


def _decoded(response: httpx2.Response) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return {"message": response.text.strip()[:500]}


def _error(code: int, answer: Any) -> PorchError:
    status = answer if isinstance(answer, dict) else {}
    kind = _BY_REASON.get(str(status.get("reason", "")), PorchError if code >= 500 else BadRequest)
    return kind(str(status.get("message") or f"the server answered {code}"))


def _tls(context: Context) -> ssl.SSLContext | bool:
    if not context.server.startswith("https:"):
        return False
    try:
        tls = ssl.create_default_context(cadata=context.ca.decode() if context.ca else None)
        if context.certificate:
            with tempfile.NamedTemporaryFile() as file:  # Python loads key pairs from files only; this one is private
                file.write(context.certificate + b"\n" + context.key)
                file.flush()
                tls.load_cert_chain(file.name)
    except (ssl.SSLError, ValueError) as error:
        raise BadRequest("the kubeconfig's certificates or key are not valid PEM") from error
    return tls

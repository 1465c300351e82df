"""The wire over HTTP: one client a remote, with its connections, its credentials and its certificate authorities.

Redirects are not followed and no proxy or netrc is looked for: the credentials go to the URL of the Repository only.
"""

from __future__ import annotations

import functools
import ssl
import time
from urllib.parse import SplitResult

import httpx2

from porch.errors import BadRequest, ServiceUnavailable
from porch.repository.git.address import check_host
from porch.repository.git.wire import Unclear, authorization
from porch.repository.interface import Credentials

_ANSWER_LIMIT = 64 * 1024 * 1024
_SERVICE = "git-receive-pack"
_CREDENTIALS = (
    ": the remote does not accept these credentials for writing; check the secret that spec.git.secretRef names"
)
_REMEDIES = {401: _CREDENTIALS, 403: _CREDENTIALS, 404: ": repository not found"}
_REDIRECT = ": the remote redirects; set spec.git.repo to its final URL"


class HttpWire:
    """One client with its connections, its credentials and its certificate authorities."""

    def __init__(self, url: SplitResult, credentials: Credentials | None, ca: str, deadline: float) -> None:
        self._url = url
        self._base = url.geturl().rstrip("/")
        self._deadline = deadline
        headers = {"User-Agent": "git/porch", "Accept-Encoding": "identity"}
        if credentials:
            headers["Authorization"] = authorization(credentials)
        self._client = httpx2.Client(
            headers=headers,
            verify=tls_context(ca) if url.scheme == "https" else False,
            timeout=httpx2.Timeout(deadline, connect=min(deadline, 10.0)),
            limits=httpx2.Limits(max_connections=8, keepalive_expiry=55.0),
            follow_redirects=False,
            trust_env=False,
        )

    def advertisement(self) -> bytes:
        check_host(self._url)
        try:
            with self._client.stream("GET", f"{self._base}/info/refs?service={_SERVICE}") as response:
                self._refuse(response)
                if response.status_code != 200:
                    raise ServiceUnavailable(f"failed to push to remote: {_status(response)}")
                return self._body(response)
        except (httpx2.HTTPError, Unclear) as error:
            raise ServiceUnavailable(f"failed to push to remote: {_words(error)}") from error

    def listing(self) -> bytes:
        try:
            with self._client.stream("GET", f"{self._base}/info/refs?service=git-upload-pack") as response:
                return self._body(response) if response.status_code == 200 else b""
        except httpx2.HTTPError as error:
            raise Unclear(_words(error)) from error

    def status(self) -> int:
        try:
            with self._client.stream("GET", f"{self._base}/info/refs?service=git-upload-pack") as response:
                return response.status_code
        except httpx2.HTTPError:
            return 0

    def push(self, request: bytes) -> bytes:
        headers = {
            "Content-Type": f"application/x-{_SERVICE}-request",
            "Accept": f"application/x-{_SERVICE}-result",
        }
        try:
            with self._client.stream("POST", f"{self._base}/{_SERVICE}", content=request, headers=headers) as response:
                self._refuse(response)
                if response.status_code != 200:
                    raise Unclear(_status(response))
                return self._body(response)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise ServiceUnavailable(f"failed to push to remote: {_words(error)}") from error
        except httpx2.HTTPError as error:
            raise Unclear(_words(error)) from error

    def close(self) -> None:
        self._client.close()

    def _refuse(self, response: httpx2.Response) -> None:
        """Answers after which the remote has certainly done nothing."""
        status = response.status_code
        if 300 <= status < 500:
            hint = _REMEDIES.get(status, _REDIRECT if status < 400 else "")
            raise ServiceUnavailable(f"failed to push to remote: {_status(response)}{hint}")

    def _body(self, response: httpx2.Response) -> bytes:
        end = time.monotonic() + self._deadline
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > _ANSWER_LIMIT or time.monotonic() > end:
                raise Unclear("the answer of the remote is too long")
        return bytes(body)


def _status(response: httpx2.Response) -> str:
    return f"status code: {response.status_code}"


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


@functools.lru_cache(maxsize=32)
def tls_context(ca: str) -> ssl.SSLContext:
    """`ca` is a PEM bundle that replaces the system's authorities; empty keeps those. Remotes share it: a context with
    all authorities of a system is large.
    """
    try:
        return ssl.create_default_context(cadata=ca or None)
    except (ssl.SSLError, ValueError) as error:
        raise BadRequest("the CA bundle of the secret is not in PEM form; put certificates into its ca.crt") from error

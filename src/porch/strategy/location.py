"""Which repository an address means, however it is spelled.

The index and the overlap rules compare locations: two Repositories with one location are the same repository.
"""

from __future__ import annotations

import posixpath
from urllib.parse import unquote, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def repository_location(namespace: str, url: str) -> str:
    """The identity of the repository at `url` (http, https, file, hosted or oci), without user or password.

    A hosted repository belongs to `namespace`. Letter case of scheme and host, default ports, dot segments, percent
    encoding, trailing slashes and `.git` make no difference. Never fails: what is no URL stands for itself.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url.rpartition("@")[2]
    path = _plain(parts.path)
    if parts.scheme == "hosted":
        return f"hosted:{namespace}{path}"
    if parts.scheme == "file":
        return f"file:{path}"
    host = host.rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    suffix = "" if port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{port}"
    return f"{parts.scheme}://{host}{suffix}{path}"


def _plain(path: str) -> str:
    shortened = posixpath.normpath("/" + unquote(path).lstrip("/"))
    return shortened.removesuffix(".git").rstrip("/")

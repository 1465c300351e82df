"""Where a cluster is and who we are there: reads the kubeconfig files that kubectl reads.

Supports certificates and tokens, embedded or in files. Exec plugins and auth providers are refused with a sentence.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from porch.errors import BadRequest
from porch.krm.yaml import load_json_like


@dataclass(frozen=True, slots=True)
class Context:
    """One cluster as one user. PEM texts; empty means not given."""

    server: str
    namespace: str = "default"
    ca: bytes = b""
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    token: str = field(default="", repr=False)


def find(explicit: str = "", environment: Mapping[str, str] = os.environ) -> Path:
    """The kubeconfig to use: the one given, the first of $KUBECONFIG, or ~/.kube/config."""
    listed = explicit or environment.get("KUBECONFIG", "").split(os.pathsep)[0]
    return Path(listed).expanduser() if listed else Path("~/.kube/config").expanduser()


def load(path: Path, context: str = "") -> Context:
    """Raises BadRequest that names the file and what is missing in it."""
    try:
        config = load_json_like(path.read_bytes())
    except OSError as error:
        raise BadRequest(
            f"cannot read the kubeconfig {path}: {error.strerror}; set KUBECONFIG or --kubeconfig"
        ) from error
    if not isinstance(config, dict):
        raise BadRequest(f"the kubeconfig {path} is not a mapping")
    chosen = _named(path, config, "contexts", "context", context or str(config.get("current-context", "")))
    cluster = _named(path, config, "clusters", "cluster", str(chosen.get("cluster", "")))
    user = _named(path, config, "users", "user", str(chosen.get("user", "")))
    if "exec" in user or "auth-provider" in user:
        raise BadRequest(f"{path}: users that log in through a plugin are not supported; use a token or certificate")
    if not cluster.get("server"):
        raise BadRequest(f"{path}: the cluster has no server")
    return Context(
        server=str(cluster["server"]).rstrip("/"),
        namespace=str(chosen.get("namespace") or "default"),
        ca=_pem(path, cluster, "certificate-authority"),
        certificate=_pem(path, user, "client-certificate"),
        key=_pem(path, user, "client-key"),
        token=str(user.get("token") or ""),
    )


def _named(path: Path, config: dict[str, Any], group: str, inner: str, name: str) -> dict[str, Any]:
    for item in config.get(group) or []:
        if isinstance(item, dict) and item.get("name") == name:
            found = item.get(inner)
            return found if isinstance(found, dict) else {}
    raise BadRequest(f"{path}: there is no {inner} named {name!r}")


def _pem(path: Path, item: dict[str, Any], name: str) -> bytes:
    try:
        if data := item.get(f"{name}-data"):
            return base64.b64decode(str(data), validate=True)
        if file := item.get(name):
            return (path.parent / str(file)).read_bytes()
    except (OSError, binascii.Error) as error:
        raise BadRequest(f"{path}: cannot read {name}: {error}") from error
    return b""

"""The kubeconfig file of the administrator, whole: certificates embedded, so that it can be copied elsewhere.

Written as JSON, which is YAML too, by `porch up` at every start, because the port and the certificates may be new.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from porch.errors import ServiceUnavailable
from porch.pki import Pki, write_private

NAME = "porch"


def write_kubeconfig(path: Path, server_url: str, pki: Pki, token: str = "") -> None:
    """The user is known by `token` when given, else by the admin certificate. Raises ServiceUnavailable."""
    try:
        user = {"token": token} if token else _certificate(pki)
        cluster = {"server": server_url, "certificate-authority-data": _base64(pki.ca_cert)}
        write_private(path, json.dumps(_config(cluster, user), indent=2).encode() + b"\n")
    except OSError as error:
        raise ServiceUnavailable(f"cannot write the kubeconfig file {path}: {error.strerror or error}") from error


def _config(cluster: dict[str, str], user: dict[str, str]) -> dict[str, Any]:
    context = {"cluster": NAME, "user": "porch-admin", "namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": "porch-admin", "user": user}],
        "contexts": [{"name": NAME, "context": context}],
        "current-context": NAME,
    }


def _certificate(pki: Pki) -> dict[str, str]:
    return {"client-certificate-data": _base64(pki.admin_cert), "client-key-data": _base64(pki.admin_key)}


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()

"""Credentials from secrets, by the secret's type: basic-auth and bearer tokens, and the CA bundle of a namespace.

A secret is read anew for each use, so that a rotated one needs no re-registration. What is in it never reaches an
error.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from porch.errors import BadRequest
from porch.repository.interface import Credentials
from porch.types.core import Secret

BASIC = "kubernetes.io/basic-auth"
OPAQUE = "Opaque"
Lookup = Callable[[str, str], Secret | None]
"""(namespace, name) to the secret, None when there is none."""


class SecretCredentials:
    """Implements CredentialResolver."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def resolve(self, namespace: str, secret: str) -> Credentials:
        found = self._lookup(namespace, secret)
        failed = f"failed to obtain git credentials: failed to obtain credential from secret {namespace}/{secret}: "
        if found is None:
            raise BadRequest(f'{failed}secrets "{secret}" not found; create it, or correct spec.git.secretRef')
        if found.type == BASIC:
            return Credentials(username=_value(found, "username"), password=_value(found, "password"))
        if found.type == OPAQUE and found.data.get("bearerToken"):
            return Credentials(bearer_token=_value(found, "bearerToken"))
        raise BadRequest(
            f'{failed}no resolver for secret with type "{found.type}"; use {BASIC} with username and password, '
            f"or {OPAQUE} with bearerToken"
        )

    def stamp(self, namespace: str, secret: str) -> str:
        """Changes whenever what `resolve` or `ca_bundle` give may have changed."""
        found = (self._lookup(namespace, name) for name in (secret, f"{namespace}-ca-bundle") if name)
        return "/".join(item.metadata.resource_version if item is not None else "" for item in found)

    def ca_bundle(self, namespace: str) -> str:
        """PEM certificates that git remotes of a namespace are trusted by, besides the system's; empty for none."""
        found = self._lookup(namespace, f"{namespace}-ca-bundle")
        return _value(found, "ca.crt") if found is not None else ""


def _value(secret: Secret, key: str) -> str:
    try:
        return base64.b64decode(secret.data.get(key, ""), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        where = f"{secret.metadata.namespace}/{secret.metadata.name}"
        raise BadRequest(f"the value of {key} in secret {where} is not UTF-8 text in base64") from error

"""Repositories as the webhook endpoint sees them: with the secret that their annotation names."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

from porch.cache import Cache
from porch.errors import PorchError
from porch.keys import RepositoryKey
from porch.repository.credentials import Lookup
from porch.webhooks import SECRET_ANNOTATION, SECRET_KEY


class HooksFromCache:
    """Implements webhooks.Hooks."""

    def __init__(self, cache: Cache, secrets: Lookup, poke: Callable[[RepositoryKey], None]) -> None:
        """`poke` has a Repository synchronised now."""
        self._cache, self._secrets, self._poke = cache, secrets, poke

    def secret(self, key: RepositoryKey) -> bytes:
        """Looks for a secret also where there is no Repository, so that both take the same time."""
        try:
            name = self._cache.repository_object(key).metadata.annotations.get(SECRET_ANNOTATION, "")
        except PorchError:
            name = ""
        found = self._secrets(key.namespace, name or "-")
        try:
            # A line end at the end is an editor's.
            return base64.b64decode(found.data.get(SECRET_KEY, ""), validate=True).rstrip(b"\r\n") if found else b""
        except binascii.Error:
            return b""

    def pushed(self, key: RepositoryKey) -> None:
        """The other Repositories of the namespace in the same git repository have the same news."""
        self._poke(key)
        for other in self._cache.sharing_with(key):
            self._poke(other)

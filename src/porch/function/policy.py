"""Which images may run at all: the server's settings `function-allow` and `function-digests`.

A pattern is a whole name without tag, or a prefix that ends in `/*`: `ghcr.io/kptdev/krm-functions-catalog/*`. What is
built in needs no digest, because its code comes with the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from porch.errors import Forbidden
from porch.function.images import Image


class ImageForbidden(Forbidden):
    """This server does not run such functions."""


@dataclass(frozen=True, slots=True)
class ImagePolicy:
    """Everything may run when `allow` is empty."""

    allow: Sequence[str] = ()
    digests: bool = False

    def check(self, image: Image, *, builtin: bool) -> None:
        """Raises ImageForbidden, which names the setting."""
        path = f"{image.repository}/{image.name}" if image.repository else image.name
        if self.allow and not any(_matches(pattern, path) for pattern in self.allow):
            allowed = ", ".join(self.allow)
            raise ImageForbidden(f'function "{image}" is not allowed by the setting function-allow ({allowed})')
        if self.digests and not builtin and not image.digest:
            remedy = f"name it as {path}@sha256:..."
            raise ImageForbidden(
                f'function "{image}" has no digest, which the setting function-digests requires; {remedy}'
            )


def _matches(pattern: str, path: str) -> bool:
    if pattern.endswith("/*"):
        return path.startswith(pattern[:-1])
    return path == pattern

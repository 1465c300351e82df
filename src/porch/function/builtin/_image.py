"""Which image references a configuration means, and what becomes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from porch.function.builtin._config import ConfigError
from porch.function.builtin._re2 import compile_re2
from porch.function.builtin._re2_characters import RegexError

_REST = r"(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?"


@dataclass(frozen=True, slots=True)
class Image:
    """`name` selects; a digest wins over a tag."""

    name: str = ""
    new_name: str = ""
    new_tag: str = ""
    digest: str = ""

    def pattern(self, *, literal: bool = False) -> re.Pattern[str]:
        """The Go versions take the name for a regular expression. Raises ConfigError when it is none."""
        name = re.escape(self.name) if literal else self.name
        try:
            return compile_re2(f"^{name}{_REST}$")
        except RegexError as error:
            raise ConfigError(f"`name` is no regular expression: {error}") from None

    def glued(self, old: str) -> str:
        """What set-image makes of a reference: it loses the separator of a tag or digest that stays, and a digest that
        stays beside a tag.
        """
        name, tag, digest = split(old)
        name = self.new_name or name
        if self.digest:
            return f"{name}@{self.digest}"
        if self.new_tag:
            return f"{name}:{self.new_tag}"
        return name + (tag or digest)

    def applied(self, old: str) -> str:
        """What kustomize makes of a reference."""
        name, tag, digest = split(old)
        if self.new_tag or self.digest:
            tag, digest = self.new_tag, self.digest
        return (self.new_name or name) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def split(image: str) -> tuple[str, str, str]:
    """Name, tag and digest without their separators. A colon in the first part of a path belongs to a port."""
    start = max(image.find("/"), 0)
    colon, at = image.find(":", start), image.find("@", start)
    if at >= 0 and (colon < 0 or at < colon):
        return image[:at], "", image[at + 1 :]
    if colon < 0:
        return image, "", ""
    if at < 0:
        return image[:colon], image[colon + 1 :], ""
    return image[:colon], image[colon + 1 : at], image[at + 1 :]

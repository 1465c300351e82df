"""Image names of functions: the short spelling of a Kptfile made whole, and a whole one taken apart.

`set-namespace` becomes `ghcr.io/kptdev/krm-functions-catalog/set-namespace:latest`. The whole name is what runtimes
are asked for and what results tell; the Kptfile keeps what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from porch.errors import BadRequest
from porch.function.semver import Version, highest, parse_constraint

DEFAULT_PREFIX = "ghcr.io/kptdev/krm-functions-catalog/"
CATALOG_PREFIXES = ("ghcr.io/kptdev/krm-functions-catalog", "gcr.io/kpt-fn", "gcr.io/kpt-fn-contrib")
"""Where the catalog's functions have been published, now and before."""
_PART = "[a-z0-9]+(?:(?:[.]|_{1,2}|-+)[a-z0-9]+)*"
_HOST = "[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?"
_NAME = re.compile(
    rf"(?P<path>(?:{_HOST}/)?(?:{_PART}/)*{_PART})(?::(?P<tag>[\w][\w.-]{{0,127}}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True)
class Image:
    """`repository` is everything before the last `/`, empty for a short name."""

    repository: str
    name: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        path = f"{self.repository}/{self.name}" if self.repository else self.name
        return path + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse_image(text: str) -> Image:
    """Raises BadRequest for what is no image name."""
    found = _NAME.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if not found:
        raise BadRequest(f'function name "{text[:200]}" is invalid: it must be an image like set-namespace:v0.4')
    repository, _, name = found["path"].rpartition("/")
    return Image(repository, name, found["tag"] or "", found["digest"] or "")


def resolve_image(text: str, tag: str = "", *, prefix: str = DEFAULT_PREFIX, known: Iterable[str] = ()) -> str:
    """The whole name of a Kptfile's `image` and `tag`, by kpt's rules.

    A `tag` replaces what the image says; one that is a range of versions means the highest of the `known` tags in it.
    Raises BadRequest when none is.
    """
    image = parse_image(text)
    if not image.repository and prefix:
        image = Image(prefix.rstrip("/"), image.name, image.tag, image.digest)
    if tag:
        image = Image(image.repository, image.name, _chosen_tag(tag, known))
    if not image.tag and not image.digest:
        image = Image(image.repository, image.name, "latest")
    return str(image)


def _chosen_tag(tag: str, known: Iterable[str]) -> str:
    if Version.parse(tag) is not None:
        return tag
    constraint = parse_constraint(tag)
    if constraint is None:
        return tag
    found = highest(constraint, (item for item in known if not item.startswith("sha256-") and "-git-" not in item))
    if not found:
        raise BadRequest(f'no tag could be found matching the version constraint "{tag}"')
    return found

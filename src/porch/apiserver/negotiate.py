"""Which representation a client accepts: JSON or YAML, and plain, as a Table or as metadata only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from porch.errors import NotAcceptable

JSON, YAML = "application/json", "application/yaml"
APPLY_PATCH = "application/apply-patch+yaml"
TABLE, PARTIAL, PARTIAL_LIST = "Table", "PartialObjectMetadata", "PartialObjectMetadataList"
MEDIA_TYPES = (JSON, YAML)

_BROWSERS = ("curl", "Wget", "Mozilla/5.0")
_WILDCARDS = {"*/*": JSON, "application/*": JSON}


@dataclass(frozen=True, slots=True)
class Shape:
    """`transform` is empty for the object itself; `version` is that of meta.k8s.io."""

    media: str = JSON
    transform: str = ""
    version: str = "v1"
    pretty: bool = False


PLAIN = Shape()


def negotiate(accept: str, *, one: bool, user_agent: str = "", pretty: str = "") -> Shape:
    """`one`: a single object is asked for, not a collection. Raises NotAcceptable."""
    indent = pretty in {"1", "true"} or (not pretty and user_agent.startswith(_BROWSERS))
    if accept in {"", JSON, "*/*"}:
        return Shape(pretty=True) if indent else PLAIN
    for media, parameters in _clauses(accept):
        transform = parameters.get("as", "")
        version = parameters.get("v", "v1")
        if transform and not _offered(transform, parameters, one=one):
            continue
        return Shape(media, transform, version, indent or parameters.get("pretty") == "1")
    raise NotAcceptable(f"only the following media types are accepted: {', '.join(MEDIA_TYPES)}")


def _clauses(accept: str) -> list[tuple[str, Mapping[str, str]]]:
    """The clauses of an Accept header that name a known media type, the most wanted first."""
    clauses: list[tuple[float, str, Mapping[str, str]]] = []
    for clause in accept.split(","):
        media, *rest = (piece.strip() for piece in clause.split(";"))
        media = _WILDCARDS.get(media.lower(), media.lower())
        parameters = dict(piece.partition("=")[::2] for piece in rest)
        weight = _weight(parameters.get("q", "1"))
        if media in MEDIA_TYPES and weight > 0:
            clauses.append((weight, media, parameters))
    clauses.sort(key=lambda item: -item[0])
    return [(media, parameters) for _, media, parameters in clauses]


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _offered(transform: str, parameters: Mapping[str, str], *, one: bool) -> bool:
    if parameters.get("g", "meta.k8s.io") != "meta.k8s.io" or parameters.get("v", "v1") not in {"v1", "v1beta1"}:
        return False
    return transform in ((TABLE, PARTIAL) if one else (TABLE, PARTIAL_LIST))

"""From method and path to what is asked: a resource, a verb, and the names in the path.

The grammar is fixed (`/api/V/...` and `/apis/G/V/...`, a namespace, a resource, a name, a subresource), so it is read
piece by piece. A path that names no served resource is somebody else's: a document's, or nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from porch.apiserver.interface import Resource
from porch.errors import BadRequest, Details, MethodNotAllowed

Resources = Mapping[tuple[str, str, str], Resource]
"""By group, version and plural name."""

_OF_COLLECTION = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
_OF_OBJECT = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OF_PART = {**_OF_OBJECT, "POST": "create"}


@dataclass(frozen=True, slots=True)
class Target:
    """`namespace` is empty for all namespaces and for cluster-scoped kinds, `name` for collections."""

    resource: Resource
    verb: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def part(self) -> Resource:
        """What is sent and answered: the resource, unless its subresource is of a kind of its own."""
        return self.resource.parts.get(self.subresource, self.resource)


class WrongMethod(MethodNotAllowed):
    """the server does not allow this method on the requested resource"""

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(details=Details())
        self.allowed = ", ".join(allowed)


def index(resources: Sequence[Resource]) -> Resources:
    return {(item.kind.group, item.kind.version, item.kind.plural): item for item in resources}


def find(resources: Resources, method: str, segments: Sequence[str], *, watch: bool) -> Target | None:
    """None when the path names no served resource. Raises MethodNotAllowed when the resource has no such verb."""
    place = _place(resources, segments)
    if place is None:
        return None
    resource, namespace, name, subresource = place
    if name in {".", ".."} or "/" in name or "%" in name or "\0" in name:
        raise BadRequest(f"invalid name {name!r} in the URL: it may not be '.' or '..' nor contain '/', '%' or NUL")
    verbs = _verbs(resource, namespace, name, subresource)
    verb = verbs.get(method)
    if verb is None:
        raise WrongMethod(list(verbs))
    if watch and verb in {"get", "list"} and not subresource:
        verb = "watch"
        if verb not in resource.kind.verbs:
            raise MethodNotAllowed.of(resource.kind.group, resource.kind.plural, verb)
    return Target(resource, verb, namespace, name, subresource)


def _place(resources: Resources, segments: Sequence[str]) -> tuple[Resource, str, str, str] | None:
    """The resource, and the namespace, name and subresource in the path."""
    if not all(segments):
        return None
    if segments[0] == "api" and len(segments) > 2:
        group, version, rest = "", segments[1], segments[2:]
    elif segments[0] == "apis" and len(segments) > 3:
        group, version, rest = segments[1], segments[2], segments[3:]
    else:
        return None
    namespace = ""
    whole = resources.get((group, version, rest[0]))
    if len(rest) > 2 and rest[0] == "namespaces" and not (whole and rest[2] in dict(whole.kind.subresources)):
        namespace, rest = rest[1], rest[2:]
        whole = resources.get((group, version, rest[0]))
    if whole is None or len(rest) > 3:
        return None
    if bool(namespace) != whole.kind.namespaced and (namespace or len(rest) > 1):
        return None
    name, subresource = (*rest[1:], "", "")[:2]
    if subresource and subresource not in dict(whole.kind.subresources):
        return None
    return whole, namespace, name, subresource


def _verbs(resource: Resource, namespace: str, name: str, subresource: str) -> dict[str, str]:
    """The methods that this place knows, with their verbs."""
    kind = resource.kind
    if subresource:
        offered: Sequence[str] = dict(kind.subresources)[subresource]
    elif not name and kind.namespaced and not namespace:
        offered = ("list",)
    else:
        offered = kind.verbs
    methods = _OF_PART if subresource else _OF_OBJECT if name else _OF_COLLECTION
    return {method: verb for method, verb in methods.items() if verb in offered}

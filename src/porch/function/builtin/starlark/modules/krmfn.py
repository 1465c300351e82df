"""krmfn.star: whether a resource is of a kind, has a name, or is in a namespace."""

from __future__ import annotations

from porch.function.builtin.starlark.arguments import anything, positional, text
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.values import Anything, Arguments, Builtin, Keywords, Module, type_name


def _field(resource: Anything, *path: str) -> Anything:
    for key in path:
        resource = resource.get(key) if type(resource) is dict else None
    return resource if type(resource) is str else ""


def _resource(value: Anything) -> Anything:
    if type(value) is not dict:
        raise StarlarkError(f"got {type_name(value)}, want a resource")
    return value


def _match_gvk(arguments: Arguments, keywords: Keywords) -> Anything:
    given = positional("match_gvk", arguments, keywords, 3, anything, text, text)
    resource, version, kind = _resource(given[0]), given[1], given[2]
    return _field(resource, "apiVersion") == version and _field(resource, "kind") == kind


def _match(name: str, *path: str) -> Builtin:
    def function(arguments: Arguments, keywords: Keywords) -> Anything:
        resource, wanted = positional(name, arguments, keywords, 2, anything, text)
        return _field(_resource(resource), *path) == wanted

    return Builtin(name, function)


MEMBERS = {
    "krmfn": Module(
        "krmfn",
        {
            "match_gvk": Builtin("match_gvk", _match_gvk),
            "match_name": _match("match_name", "metadata", "name"),
            "match_namespace": _match("match_namespace", "metadata", "namespace"),
        },
    )
}

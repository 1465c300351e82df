"""Operations: which method on which path does what, as plain values. v2 and v3 render the same ones.

A Kind's verbs and subresources become operations on its collection, on one object, and over all namespaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from porch.apiserver.openapi.schemas import DELETE_OPTIONS, PATCH, STATUS, list_schema_name, schema_name
from porch.types import Kind

ANSWER_TYPES = ("application/json", "application/yaml")
# kubectl chooses its patch by this list, so it names exactly what is accepted.
PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: str
    description: str
    where: str = "query"


@dataclass(frozen=True, slots=True)
class Operation:
    """`body` and `answer` name schemas; `codes` are the successes."""

    path: str
    method: str
    action: str
    id: str
    description: str
    kind: Kind
    parameters: tuple[Parameter, ...]
    answer: str
    body: str = ""
    body_required: bool = True
    consumes: tuple[str, ...] = ("*/*",)
    codes: tuple[int, ...] = (200,)


_NAMESPACE = Parameter("namespace", "string", "The namespace.", "path")
_NAME = Parameter("name", "string", "The name of the object.", "path")
_PRETTY = Parameter("pretty", "string", "If `true`, the answer is indented.")
_DRY_RUN = Parameter("dryRun", "string", "`All`: do everything but keep nothing.")
_WRITE = (
    _DRY_RUN,
    Parameter("fieldManager", "string", "Who changes the object, at most 128 characters."),
    Parameter("fieldValidation", "string", "What unknown fields are: `Ignore`, `Warn` (the default) or `Strict`."),
    _PRETTY,
)
_DELETE = (
    _DRY_RUN,
    Parameter("gracePeriodSeconds", "integer", "Seconds to wait before deletion."),
    Parameter("orphanDependents", "boolean", "Deprecated: use propagationPolicy."),
    Parameter("propagationPolicy", "string", "`Orphan`, `Background` or `Foreground`."),
    _PRETTY,
)
_LIST = (
    Parameter("continue", "string", "The continue value of the page before."),
    Parameter("fieldSelector", "string", "Only objects whose fields match."),
    Parameter("labelSelector", "string", "Only objects whose labels match."),
    Parameter("limit", "integer", "At most so many objects in a page."),
    _PRETTY,
    Parameter("resourceVersion", "string", "Which state to read, or where to watch from."),
    Parameter("resourceVersionMatch", "string", "How to take resourceVersion: `Exact` or `NotOlderThan`."),
    Parameter("timeoutSeconds", "integer", "End the request after this time."),
)
_DELETE_COLLECTION = (*_DELETE[:-1], *_LIST)
_WATCH = (
    Parameter("allowWatchBookmarks", "boolean", "Send bookmarks in a watch."),
    Parameter("sendInitialEvents", "boolean", "Begin a watch with the present objects."),
    Parameter("watch", "boolean", "Send changes as they happen instead of a list."),
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What all operations of one verb share; `id` is the verb of the operation's id."""

    method: str
    action: str
    id: str
    sentence: str
    parameters: tuple[Parameter, ...] = (_PRETTY,)
    consumes: tuple[str, ...] = ("*/*",)
    codes: tuple[int, ...] = (200,)


_SHAPES = {
    "get": _Shape("get", "get", "read", "Read one {kind}."),
    "list": _Shape("get", "list", "list", "List {kind} objects.", _LIST),
    "create": _Shape("post", "post", "create", "Create a {kind}.", _WRITE, codes=(200, 201, 202)),
    "update": _Shape("put", "put", "replace", "Replace a {kind}.", _WRITE, codes=(200, 201)),
    "patch": _Shape("patch", "patch", "patch", "Change parts of a {kind}.", _WRITE, PATCH_TYPES, (200, 201)),
    "delete": _Shape("delete", "delete", "delete", "Delete a {kind}.", _DELETE, codes=(200, 202)),
    "deletecollection": _Shape(
        "delete", "deletecollection", "delete", "Delete all {kind} objects that are selected.", _DELETE_COLLECTION
    ),
}
_BODIES = {"patch": PATCH, "delete": DELETE_OPTIONS, "deletecollection": DELETE_OPTIONS}
_OBJECT_VERBS = ("get", "update", "patch", "delete")
_PART_VERBS = (*_OBJECT_VERBS, "create")
_COLLECTION_VERBS = ("list", "create", "deletecollection")


def operations(kinds: Iterable[Kind]) -> Iterator[Operation]:
    for kind in kinds:
        for place in _places(kind):
            yield from (_operation(kind, place, verb) for verb in place.verbs)


@dataclass(frozen=True, slots=True)
class _Place:
    """One path, what stands in it, the verbs that are served there, and the end of its operations' ids."""

    path: str
    scope: tuple[Parameter, ...]
    verbs: tuple[str, ...]
    suffix: str = ""
    part: str = ""


def _places(kind: Kind) -> Iterator[_Place]:
    scope = (_NAMESPACE,) if kind.namespaced else ()
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"
    collection = f"{root}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{root}/{kind.plural}"
    one = f"{collection}/{{name}}"
    yield _Place(collection, scope, _both(_COLLECTION_VERBS, kind.verbs))
    yield _Place(one, (_NAME, *scope), _both(_OBJECT_VERBS, kind.verbs))
    for name, verbs in kind.subresources:
        yield _Place(f"{one}/{name}", (_NAME, *scope), _both(_PART_VERBS, verbs), name.capitalize(), name)
    if kind.namespaced:
        yield _Place(f"{root}/{kind.plural}", (), _both(("list",), kind.verbs), "ForAllNamespaces")


def _both(possible: tuple[str, ...], served: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(verb for verb in possible if verb in served)


def _operation(kind: Kind, place: _Place, verb: str) -> Operation:
    shape = _SHAPES[verb]
    watch = _WATCH if verb == "list" and "watch" in kind.verbs else ()
    namespaced = "Namespaced" if _NAMESPACE in place.scope else ""
    collection = "Collection" if verb == "deletecollection" else ""
    part = kind.kind_of(place.part)
    own, of_list = schema_name(part), list_schema_name(kind)
    return Operation(
        path=place.path,
        method=shape.method,
        action=shape.action,
        id=f"{shape.id}{_camel(kind)}{collection}{namespaced}{kind.name}{place.suffix}",
        description=shape.sentence.format(kind=part.name),
        kind=part,
        parameters=(*place.scope, *shape.parameters, *watch),
        answer={"list": of_list, "deletecollection": of_list, "delete": STATUS}.get(verb, own),
        body=_BODIES.get(verb, own if verb in {"create", "update"} else ""),
        body_required=verb not in {"delete", "deletecollection"},
        consumes=shape.consumes,
        codes=shape.codes,
    )


def _camel(kind: Kind) -> str:
    """The group version in an operation's id: CoreV1, RbacAuthorizationV1, ConfigPorchKptDevV1alpha1."""
    labels = (kind.group.removesuffix(".k8s.io") or "core").split(".")
    return "".join(label.capitalize() for label in (*labels, kind.version))

"""What the wire is given: the resources that it serves, and the few things that others decide for it.

The apiserver itself knows HTTP and Kubernetes' conventions, nothing of packages, git, certificates' meaning or roles.
Whoever starts a server puts together Resources, an Authenticator, an Authorizer and the Documents (discovery, OpenAPI,
health, metrics) and makes an `app.App` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from porch.objects import Caller, ResourceStorage
from porch.store import Change, StoredVersion
from porch.strategy.interface import Strategy
from porch.types.kind import Kind
from porch.workers import WorkerPool


def _as_it_is(item: StoredVersion, *, last: bool) -> StoredVersion | None:  # noqa: ARG001 - the signature of `whole`
    return item


@dataclass(frozen=True, slots=True)
class KeptAs:
    """Whose objects a resource shows, when they are another's. `shown` makes of a version of `resource` what selectors
    look at, `whole` what is sent (None leaves it out; `last` tells an end, which must not be left out); `is_same` says
    whether a change is none for those who watch this resource.
    """

    resource: str
    shown: Callable[[StoredVersion], StoredVersion]
    whole: Whole = _as_it_is
    is_same: Callable[[Change], bool] = lambda change: False  # noqa: ARG005 - every change counts


class Whole(Protocol):
    def __call__(self, item: StoredVersion, *, last: bool) -> StoredVersion | None: ...


@dataclass(frozen=True, slots=True)
class Resource:
    """One served resource. `cheap_reads`: get, short lists and events are made on the event loop, without a thread. Big
    bodies are decoded by `workers`, if there are any: parsing one holds the interpreter for as long as it takes.
    `kept_as`: watches follow the log of another resource. `parts` are subresources that are not the object itself.
    """

    kind: Kind
    storage: ResourceStorage
    strategy: Strategy
    cheap_reads: bool = True
    max_body: int = 3 * 1024 * 1024
    workers: WorkerPool | None = None
    kept_as: KeptAs | None = None
    parts: Mapping[str, Resource] = field(default_factory=dict)

    @property
    def log(self) -> str:
        """The resource under which the changes of the objects are told."""
        return self.kept_as.resource if self.kept_as else str(self.kind.resource)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The subject of a verified client certificate."""

    common_name: str
    organizations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a request wants to do, as authorization sees it. Outside of resources only `verb` and `path` are set."""

    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def is_resource(self) -> bool:
        return bool(self.resource)


class Authenticator(Protocol):
    def authenticate(self, headers: Sequence[tuple[bytes, bytes]], certificate: ClientCertificate | None) -> Caller:
        """Who sends this request, impersonation included. Header names are lower case and may repeat. Cheap.

        Raises Unauthorized; Forbidden when the caller may not impersonate whom the headers name.
        """
        ...


class Authorizer(Protocol):
    def authorize(self, caller: Caller, attributes: Attributes) -> None:
        """Raises Forbidden with the full Kubernetes text. Cheap."""
        ...


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """A GET (or HEAD) beside the resources. Header names are lower case; of repeated ones the last counts."""

    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. `headers` come on top of Content-Type, Content-Length, Audit-Id and a default Cache-Control. `more`
    is the body's continuation, where joining would copy too much. `rest` makes what follows the body, piece by piece,
    on a worker thread.
    """

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    more: tuple[bytes, ...] = ()
    rest: Iterator[bytes] | None = None

    @property
    def size(self) -> int:
        """Of the whole body, unless there is a `rest`."""
        return len(self.body) + sum(map(len, self.more))


class Documents(Protocol):
    """Discovery, OpenAPI, health, version, metrics: each owns some paths."""

    def answer(self, request: DocumentRequest) -> Answer | None:
        """None when the path is not one of its own. Called on the event loop, so it must be quick."""
        ...

"""What the wire asks of every resource, whoever keeps its objects: the verbs as plain synchronous calls.

The apiserver routes, authenticates, authorizes and decodes, then calls one of these methods on a worker thread. The
generic implementation over the store is `objects.stored`; the engine implements the same for packages. Nothing here
knows HTTP. All of them raise errors of `porch.errors` only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from porch.store import Change, Page, StoredVersion
from porch.types.kind import Kind
from porch.types.selectors import EVERYTHING, Selector

AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the authenticated (or impersonated) user."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(slots=True)
class Call:
    """One request as storage sees it. `warnings` are sent to the client as Warning headers."""

    caller: Caller
    dry_run: bool = False
    field_manager: str = ""
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ListOptions:
    """`namespace` is empty for all. `resource_version` and `match` as on the wire, already checked for syntax. `owner`
    (never on the wire) is as in the store's Query.
    """

    namespace: str = ""
    labels: Selector = EVERYTHING
    fields: Selector = EVERYTHING
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    match: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class ListResult:
    """`remaining` is how many objects follow the page, where that is known."""

    page: Page
    continue_token: str = ""
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """Preconditions are empty when not given."""

    uid: str = ""
    resource_version: str = ""
    propagation: str = ""


@dataclass(frozen=True, slots=True)
class Deleted:
    """`finished` is False while finalizers hold the object; `item` then carries its deletionTimestamp."""

    item: StoredVersion
    finished: bool


@dataclass(frozen=True, slots=True)
class Replacement:
    """A change that takes nothing from the current object, as an update by PUT does. Storage whose objects are costly
    to read may hand it one without its content. `make` gives a fresh object each time.
    """

    make: Callable[[], Any]

    def __call__(self, current: Any) -> Any:  # noqa: ARG002 - that is the point
        return self.make()


class ResourceStorage(Protocol):
    """The verbs of one resource. `namespace` is empty for cluster-scoped kinds.

    A returned item with version 0 was not stored (dry run, reviews): it is shown without a resourceVersion.
    """

    @property
    def kind(self) -> Kind: ...

    def resolve(self, namespace: str, name: str) -> str:
        """The canonical name for a name that a client used; `name` itself when there is no such object. Called before
        authorization, so it must not tell anything. Raises Conflict when the name is ambiguous.
        """
        ...

    def get(self, call: Call, namespace: str, name: str) -> StoredVersion:
        """Raises NotFound."""
        ...

    def list(self, call: Call, options: ListOptions) -> ListResult:
        """Raises Expired, BadRequest (continue token, unknown field label), Timeout (version in the future)."""
        ...

    def create(self, call: Call, namespace: str, obj: Any) -> StoredVersion:
        """`obj` is an instance of `kind.type` that belongs to the caller of this method, who gives it away."""
        ...

    def update(
        self, call: Call, namespace: str, name: str, change: Callable[[Any], Any], subresource: str = ""
    ) -> StoredVersion:
        """Replaces the object by `change(fresh copy of the current one)`.

        `change` may be called again when the object moved meanwhile, unless what it returns carries a resourceVersion
        of its own, which must then still be current. A result equal to the current object is not written.
        """
        ...

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted: ...


class ChangeFeed(Protocol):
    """Where watches read. A watch is a cursor (a version number) in the log, never a queue."""

    def version(self) -> int:
        """The newest version number."""
        ...

    def changes(self, resource: str, after: int, limit: int) -> Sequence[Change]:
        """As VersionReader.changes; cheap for recent versions."""
        ...

    async def wait(self, resource: str, after: int, seconds: float) -> bool:
        """Waits, at most `seconds`, until the resource has a version above `after`; False on time-out."""
        ...

    def subscribe(self, resource: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Has `wake` called on the event loop after changes of the resource: soon, once for many where there are many.
        Returns what ends that. Called on the event loop.
        """
        ...

"""PackageRevisionResources behind the verbs of the API. They come and go with their PackageRevision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from porch.engine.engine import Engine, Revision
from porch.engine.names import resolve
from porch.engine.query import list_revisions
from porch.engine.resources import get_resources, shown, update_resources
from porch.errors import MethodNotAllowed, PorchError
from porch.objects import Call, Deleted, DeleteOptions, ListOptions, ListResult, paging
from porch.store import StoredVersion
from porch.types.kind import Kind
from porch.types.resources import PACKAGE_REVISION_RESOURCES, PackageRevisionResources

_log = structlog.get_logger("porch.engine")
_PAGE_BYTES = 8 * 1024 * 1024
"""A page of full contents is cut here, whatever limit the client gave; a `continue` leads on."""


class PackageRevisionResourcesStorage:
    """Implements objects.ResourceStorage."""

    kind: Kind = PACKAGE_REVISION_RESOURCES

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def resolve(self, namespace: str, name: str) -> str:
        return resolve(self._engine, namespace, name)

    def get(self, call: Call, namespace: str, name: str) -> StoredVersion:  # noqa: ARG002 - the port's signature
        return get_resources(self._engine, namespace, name)

    def list(self, call: Call, options: ListOptions) -> ListResult:  # noqa: ARG002 - the port's signature
        with self._engine.store.read() as reads:
            result = list_revisions(reads, options)
            rows = [(item, reads.revisions.get(item.key.namespace, item.key.name)) for item in result.page.items]
        items: list[StoredVersion] = []
        size = 0
        for stored, row in rows:
            if row is None:
                continue  # an older page of a list; the revision is gone, and its content with it
            if size > _PAGE_BYTES:
                return _cut(result, items)
            try:
                items.append(shown(self._engine, Revision(row, stored)))
            except PorchError as error:
                # One package that cannot be read must not hide the others; asked for by name, it says why.
                _log.warning("left out of a list", package_revision=row.name, reason=error.message)
                continue
            size += len(items[-1].tail)
        return ListResult(replace(result.page, items=items), result.continue_token)

    def create(self, call: Call, namespace: str, obj: PackageRevisionResources) -> StoredVersion:  # noqa: ARG002
        raise self._refusal("create")

    def update(
        self,
        call: Call,
        namespace: str,
        name: str,
        change: Callable[[PackageRevisionResources], PackageRevisionResources],
        subresource: str = "",  # noqa: ARG002 - none is served
    ) -> StoredVersion:
        return update_resources(self._engine, call, namespace, name, change)

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:  # noqa: ARG002
        raise self._refusal("delete")

    def _refusal(self, verb: str) -> MethodNotAllowed:
        return MethodNotAllowed.of(self.kind.group, self.kind.plural, verb)


def _cut(result: ListResult, items: list[StoredVersion]) -> ListResult:
    last = items[-1].key
    token = paging.write_token(paging.Position(result.page.version, (last.namespace, last.name)))
    return ListResult(replace(result.page, items=items, more=True), token)

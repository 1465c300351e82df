"""The verb deletecollection: everything that a list selects is deleted, one object after the other.

Each delete is whole, with its own checks and locks, so the collection is not: an object that may not be deleted ends
the request with its error, and those before it stay deleted. What vanishes meanwhile is nobody's loss. Objects are
listed a page at a time, all pages in one state; the answer lists what was deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from porch.apiserver import answer, read
from porch.apiserver.encode import renamed
from porch.apiserver.interface import Answer
from porch.apiserver.operation import Operation
from porch.apiserver.options import delete_options
from porch.errors import Conflict, NotFound
from porch.objects import DeleteOptions, ListOptions, ListResult
from porch.store import Page, StoredVersion

_PAGE = 200


def delete_collection(operation: Operation, body: bytes) -> Answer:
    """Synchronous, on a worker thread, as the verbs of `write`."""
    asked = delete_options(operation.request, body, collection=True)
    operation.call.dry_run = asked.dry_run
    selection = read.selection(operation)
    deleted: list[StoredVersion] = []
    last = ListResult(Page([], 0))
    for last in _pages(operation, selection):
        deleted += _delete_all(operation, last, asked.options)
    result = ListResult(Page(deleted, last.page.version), last.continue_token)
    return answer.of_list(operation.target.resource, result, operation.shape, operation.include)


def _pages(operation: Operation, selection: ListOptions) -> Iterator[ListResult]:
    """At most as many objects as the client wants in all; the last page's token goes on behind them."""
    storage, wanted = operation.target.resource.storage, selection.limit
    while True:
        size = min(wanted, _PAGE) if wanted else _PAGE
        result = storage.list(operation.call, replace(selection, limit=size))
        yield result
        wanted -= len(result.page.items) if wanted else 0
        if not result.continue_token or (selection.limit and wanted <= 0):
            return
        selection = replace(selection, continue_token=result.continue_token, resource_version="", match="")


def _delete_all(operation: Operation, result: ListResult, options: DeleteOptions) -> Iterator[StoredVersion]:
    for item in result.page.items:
        if (gone := _delete(operation, item, options)) is not None:
            # Of thousands of deleted objects only the bytes are kept.
            yield renamed(replace(gone, labels={}, fields={}), operation.given)


def _delete(operation: Operation, item: StoredVersion, options: DeleteOptions) -> StoredVersion | None:
    """None when the object was gone; one that has its name since then is not meant."""
    storage, key = operation.target.resource.storage, item.key
    try:
        return storage.delete(operation.call, key.namespace, key.name, replace(options, uid=item.uid)).item
    except NotFound:
        return None
    except Conflict:
        try:
            if storage.get(operation.call, key.namespace, key.name).uid == item.uid:
                raise
        except NotFound:
            pass
        return None

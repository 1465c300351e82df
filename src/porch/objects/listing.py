"""One page of a list: selectors checked, resourceVersion and continue token turned into a query of one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from porch.errors import BadRequest, Expired
from porch.objects import paging
from porch.objects.interface import ListOptions, ListResult
from porch.store import Page, Query, Reads
from porch.types.selectors import Selector

_ALWAYS_SELECTABLE = ("metadata.name", "metadata.namespace")


def read_list(reads: Reads, resource: str, selectable: Sequence[str], options: ListOptions) -> ListResult:
    """`selectable` are the resource's field labels besides name and namespace. Raises as ResourceStorage.list."""
    _require_selectable(options.fields, selectable)
    query = Query(
        resource,
        namespace=options.namespace or None,
        labels=options.labels,
        fields=options.fields,
        limit=options.limit,
        owner=options.owner,
    )
    if options.continue_token:
        position = paging.read_token(options.continue_token)
        page, left = _next_page(reads, query, options, position), position.left
    else:
        page = _first_page(reads, query, options)
        left = _known_number(reads, query, page)
    if not page.more:
        return ListResult(page)
    left = left - len(page.items) if left is not None and left > len(page.items) else None
    last = page.items[-1].key
    token = paging.write_token(paging.Position(page.version, (last.namespace, last.name), left))
    return ListResult(page, token, left)


def _known_number(reads: Reads, query: Query, page: Page) -> int | None:
    """How many objects a whole list has: known of the current state, of everything in a namespace or anywhere."""
    if not page.more or query.labels or query.fields or page.version != reads.versions.version():
        return None
    return reads.versions.count(query.resource, query.namespace)


def _first_page(reads: Reads, query: Query, options: ListOptions) -> Page:
    version = paging.read_version(options.resource_version)
    if version:
        paging.require_reached(version, reads.versions.version())
    if options.match != "Exact":
        return reads.versions.list(query)
    try:
        return reads.versions.list(replace(query, at=version))
    except Expired as error:
        raise paging.version_expired() from error


def _next_page(reads: Reads, query: Query, options: ListOptions, position: paging.Position) -> Page:
    if options.resource_version not in {"", "0"}:
        raise BadRequest("specifying resource version is not allowed when using continue")
    query = replace(query, after=position.after)
    if position.version == paging.ANY_VERSION:
        return reads.versions.list(query)
    if position.version > reads.versions.version():
        raise BadRequest("continue key is not valid: no list was at this version; start a new list without it")
    try:
        return reads.versions.list(replace(query, at=position.version))
    except Expired as error:
        raise paging.token_expired(position) from error


def _require_selectable(fields: Selector, selectable: Sequence[str]) -> None:
    for requirement in fields.requirements:
        if requirement.key not in {*_ALWAYS_SELECTABLE, *selectable}:
            raise BadRequest(f"field label not supported: {requirement.key}")
        if requirement.operator not in {"in", "notin"} or len(requirement.values) != 1:
            raise BadRequest(f"field selector on {requirement.key}: only = and != are supported")

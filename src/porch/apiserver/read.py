"""The verbs get and list: one storage call, then bytes. Synchronous; the app decides on which thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from porch.apiserver import answer, select
from porch.apiserver.encode import renamed
from porch.apiserver.interface import Answer
from porch.apiserver.negotiate import JSON
from porch.apiserver.operation import Operation
from porch.apiserver.options import list_options
from porch.objects import ListOptions, ListResult

PAGE = 500
"""So many objects are in memory of a list that is sent whole."""


def get(operation: Operation) -> Answer:
    target = operation.target
    item = target.resource.storage.get(operation.call, target.namespace, operation.name)
    return answer.of_object(target.resource, renamed(item, operation.given), operation.shape, operation.include)


def list_objects(operation: Operation, options: ListOptions) -> Answer:
    """A page that the client asked for, or everything: that is read while it is sent, if it is long. Long YAML has a
    `continue` instead, since nobody can make it in pieces.
    """
    resource, shape = operation.target.resource, operation.shape
    first = _page(operation, options if options.limit else replace(options, limit=PAGE))
    if options.limit or not first.continue_token or shape.media != JSON:
        return answer.of_list(resource, first, shape, operation.include)
    return answer.of_long_list(resource, first, _rest(operation, options, first), shape, operation.include)


def _rest(operation: Operation, options: ListOptions, last: ListResult) -> Iterator[ListResult]:
    """The pages behind `last`, in the same state."""
    while token := last.continue_token:
        last = _page(operation, replace(options, limit=PAGE, continue_token=token, resource_version="", match=""))
        yield last


def _page(operation: Operation, options: ListOptions) -> ListResult:
    result = operation.target.resource.storage.list(operation.call, options)
    if not operation.given:
        return result
    items = [renamed(item, operation.given) for item in result.page.items]
    return replace(result, page=replace(result.page, items=items))


def selection(operation: Operation) -> ListOptions:
    """The options of a list, its one-name selector by the canonical name."""
    options = list_options(operation.request, operation.target.namespace)
    return canonical(options, operation)


def canonical(options: ListOptions, operation: Operation) -> ListOptions:
    if operation.name == operation.given:
        return options
    return replace(options, fields=select.with_name(options.fields, operation.name))

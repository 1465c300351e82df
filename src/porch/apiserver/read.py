"""The verbs get and list: one storage call, then bytes. Synchronous; the app decides on which thread."""

from __future__ import annotations

from dataclasses import replace

from porch.apiserver import answer, select
from porch.apiserver.encode import renamed
from porch.apiserver.interface import Answer
from porch.apiserver.operation import Operation
from porch.apiserver.options import list_options
from porch.objects import ListOptions


def get(operation: Operation) -> Answer:
    target = operation.target
    item = target.resource.storage.get(operation.call, target.namespace, operation.name)
    return answer.of_object(target.resource, renamed(item, operation.given), operation.shape, operation.include)


def list_objects(operation: Operation, options: ListOptions) -> Answer:
    target = operation.target
    result = target.resource.storage.list(operation.call, options)
    if operation.given:
        items = [renamed(item, operation.given) for item in result.page.items]
        result = replace(result, page=replace(result.page, items=items))
    return answer.of_list(target.resource, result, operation.shape, operation.include)


def selection(operation: Operation) -> ListOptions:
    """The options of a list, its one-name selector by the canonical name."""
    options = list_options(operation.request, operation.target.namespace)
    return canonical(options, operation)


def canonical(options: ListOptions, operation: Operation) -> ListOptions:
    if operation.name == operation.given:
        return options
    return replace(options, fields=select.with_name(options.fields, operation.name))

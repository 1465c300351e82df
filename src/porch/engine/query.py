"""Use case: list package revisions by what their selectors say. Answered from the index, whatever their remotes do."""

from __future__ import annotations

from dataclasses import replace

from porch.errors import BadRequest
from porch.keys import PACKAGE_REVISIONS
from porch.objects import ListOptions, ListResult
from porch.objects.listing import read_list
from porch.store import Reads
from porch.strategy.packagerevision import is_selectable, selector_problem, selector_value
from porch.types.selectors import Requirement, Selector


def list_revisions(reads: Reads, options: ListOptions) -> ListResult:
    """Raises as ResourceStorage.list."""
    options = replace(options, fields=canonical_fields(options.fields))
    selectable = tuple(requirement.key for requirement in options.fields.requirements)
    return read_list(reads, str(PACKAGE_REVISIONS), selectable, options)


def canonical_fields(fields: Selector) -> Selector:
    """Values spelled as the index spells them. Raises BadRequest with upstream's texts."""
    return Selector(tuple(map(_canonical, fields.requirements)))


def _canonical(requirement: Requirement) -> Requirement:
    key = requirement.key
    if key.startswith("metadata."):
        return requirement
    if not is_selectable(key) and key != "spec.packageMetadata.labels[]":
        raise BadRequest(f'"{key}" is not a known field selector')
    for value in requirement.values:
        if problem := selector_problem(key, value):
            raise BadRequest(problem)
    return replace(requirement, values=tuple(selector_value(key, value) for value in requirement.values))

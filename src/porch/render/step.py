"""One function of a pipeline, run once: ids on, the call, comments and order restored, what it gave checked.

What the function gave for the same resources, config and code before is taken from the cache, without a call.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from porch.errors import PorchError
from porch.function.interface import FunctionCall, FunctionOutcome, FunctionRuntime
from porch.kyaml import Node, copy
from porch.render.annotations import (
    ID,
    INDEX,
    MIGRATION,
    OLD_ID,
    OLD_INDEX,
    OLD_PATH,
    PACKAGE,
    PATH,
    annotate_all,
    annotations_of,
    unannotate_all,
)
from porch.render.invariants import Broken, check_output, follow_moves
from porch.render.memory import StepCache, content_key
from porch.render.resource import Resource, fingerprint, place_of
from porch.render.restore import CannotRestore, restore

_IDS = frozenset({ID, OLD_ID, MIGRATION})


@dataclass(frozen=True, slots=True)
class Done:
    """`outcome` is None when the function could not be asked, or gave what cannot be; `error` says why. Only after
    success `resources` are the output.
    """

    resources: list[Resource]
    outcome: FunctionOutcome | None
    error: str = ""
    reused: bool = False

    @property
    def failed(self) -> bool:
        return bool(self.error)


@dataclass(frozen=True, slots=True)
class Caller:
    """How functions are called in this render."""

    runtime: FunctionRuntime
    cache: StepCache

    def run(self, image: str, resources: Sequence[Resource], config: Node | None, package: str) -> Done:
        """Changes the given resources' nodes; after a failure they are as they were."""
        for resource in resources:
            resource.save()
        try:
            key = self._key(image, resources, config)
        except PorchError as error:
            return Done([], None, error.message)
        data = self.cache.get(key) if key else None
        if data is not None:
            return _remembered(data, resources)
        done = self._called(image, resources, config, package)
        if key and not done.failed:
            self.cache.put(key, _to_remember(done, resources))
        return done

    def _key(self, image: str, resources: Sequence[Resource], config: Node | None) -> str:
        digest = self.runtime.digest(image)
        if not digest:
            return ""
        parts = [b"step", image.encode(), digest.encode(), fingerprint(config) if config else b""]
        return content_key(*parts, *(resource.print for resource in resources))

    def _called(self, image: str, resources: Sequence[Resource], config: Node | None, package: str) -> Done:
        for number, resource in enumerate(resources):
            ids = {MIGRATION: str(number), ID: str(number + 1), OLD_ID: str(number + 1)}
            annotate_all(resource.node, ids)
        call = FunctionCall(image, [resource.node for resource in resources], copy(config) if config else None)
        outcome, error = None, ""
        try:
            outcome = self.runtime.evaluate(call)
            error = outcome.error if outcome.exit_code else ""
            if not outcome.exit_code:
                return Done(_accepted(outcome.items, resources, package), outcome)
        except PorchError as problem:
            error = problem.message
        except (Broken, CannotRestore) as problem:
            outcome, error = None, str(problem)
        for resource in resources:
            resource.go_back()
        return Done([], outcome, error or f'function "{image}" failed')


def _accepted(items: Sequence[Node], given: Sequence[Resource], package: str) -> list[Resource]:
    """What the function gave, as the resources of before where they are still the same. Raises Broken and
    CannotRestore.
    """
    result = [_taken(item, given, package) for item in items]
    check_output(result)
    return result


def _taken(item: Node, given: Sequence[Resource], package: str) -> Resource:
    if item.kind != "mapping":
        raise Broken("the function gave something that is no resource")
    found = annotations_of(item)
    number = found.get(ID) or found.get(OLD_ID, "")
    before = given[int(number) - 1] if number.isdecimal() and 0 < int(number) <= len(given) else None
    unannotate_all(item, _IDS)
    if before is None:
        follow_moves(item, None, package)
        return Resource.of(item)
    if fingerprint(item) == before.print and not before.has_folded:
        before.node = item
        return before
    restore(before.original(), item)
    follow_moves(item, before.place, package)
    return Resource.of(item)


# --- what the cache keeps: resources that stayed are told by their number, others as they are


def _to_remember(done: Done, given: Sequence[Resource]) -> bytes:
    places = {id(resource): number for number, resource in enumerate(given)}
    kept: list[Any] = [
        places.get(id(resource), None) if id(resource) in places else (resource.node, resource.print)
        for resource in done.resources
    ]
    assert done.outcome is not None
    outcome = done.outcome
    facts = (outcome.results, outcome.stderr, outcome.duration, outcome.digest)
    return pickle.dumps((kept, facts), protocol=pickle.HIGHEST_PROTOCOL)


def _remembered(data: bytes, given: Sequence[Resource]) -> Done:
    kept, (results, stderr, duration, digest) = pickle.loads(data)  # noqa: S301 - ours
    resources = [given[item] if isinstance(item, int) else Resource(item[0], item[1], place_of(item[0])) for item in kept]
    outcome = FunctionOutcome([], results, stderr=stderr, duration=duration, digest=digest)
    return Done(resources, outcome, reused=True)

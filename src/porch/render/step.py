"""One function of a pipeline, run once: ids on, the call, comments and order restored, what it gave checked.

What the function gave for the same resources, config and code before is taken from the cache, without a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec

from porch.errors import PorchError
from porch.function.interface import FunctionCall, FunctionNotFound, FunctionOutcome
from porch.kyaml import Node, copy, pack, unpack
from porch.render.annotations import add_ids, settle, take_ids
from porch.render.invariants import Broken, check_output, follow_moves
from porch.render.memory import StepCache, content_key
from porch.render.resource import Resource, fingerprint, fingerprint_of_all, place_of
from porch.render.restore import CannotRestore, restore

_NEW = -1


class Functions(Protocol):
    """What a render needs of `porch.function`."""

    def resolve(self, image: str, tag: str = "") -> str: ...

    def digest(self, image: str) -> str: ...

    def evaluate(self, call: FunctionCall) -> FunctionOutcome: ...


@dataclass(frozen=True, slots=True)
class Done:
    """`outcome` is None when the function could not be asked, or gave what cannot be; `error` says why. Only after
    success there are `resources`, its output.
    """

    resources: list[Resource]
    sources: list[int]
    """For each of them the number of the input that it was; -1 for what the function made."""
    outcome: FunctionOutcome | None
    before: str
    error: str = ""
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """How functions are called in this render."""

    functions: Functions
    cache: StepCache

    def run(self, image: str, given: Sequence[Resource], config: Node | None, package: str) -> Done:
        """Changes the given resources' nodes. After a failure they are as they were."""
        before = fingerprint_of_all(given)
        try:
            digest = self.functions.digest(image)
        except FunctionNotFound as error:
            return Done([], [], FunctionOutcome([], exit_code=1, error=error.message), before, error.message)
        except PorchError as error:
            return Done([], [], None, before, error.message)
        parts = (image, digest, before, fingerprint(config).hex() if config else "")
        key = content_key(b"step", *(part.encode() for part in parts)) if digest else ""
        if key and (data := self.cache.get(key)) is not None:
            return _remembered(image, data, given, before)
        done = self._call(image, given, config, package, before)
        is_known = key and not done.error and done.outcome is not None and done.outcome.digest == digest
        if is_known and (kept := _to_remember(done, given)):
            self.cache.put(key, kept)
        return done

    def _call(self, image: str, given: Sequence[Resource], config: Node | None, package: str, before: str) -> Done:
        config = copy(config) if config else None
        for number, resource in enumerate(given):
            resource.save()
            add_ids(resource.node, number)
        outcome = None
        try:
            outcome = self.functions.evaluate(FunctionCall(image, [resource.node for resource in given], config))
            if not outcome.exit_code:
                return Done(*_accepted(image, outcome.items, given, package), outcome, before)
            error = outcome.error or f'function "{image}" failed'
        except PorchError as problem:
            error = problem.message
        except (Broken, CannotRestore) as problem:
            outcome, error = None, str(problem)
        for resource in given:
            resource.go_back()
        return Done([], [], outcome, before, error)


def _accepted(
    image: str, items: Sequence[Node], given: Sequence[Resource], package: str
) -> tuple[list[Resource], list[int]]:
    """What the function gave, as the resources of before where they are still the same. Raises Broken and
    CannotRestore.
    """
    sources = [_source(item, len(given)) for item in items]
    taken = [
        _taken(image, item, given[source] if source >= 0 else None, package)
        for item, source in zip(items, sources, strict=True)
    ]
    check_output(taken, sources, given)
    return taken, sources


def _source(item: Node, count: int) -> int:
    if item.kind != "mapping":
        raise Broken("the function gave something that is no resource")
    number = take_ids(item)
    return number if 0 <= number < count else _NEW


def _taken(image: str, item: Node, before: Resource | None, package: str) -> Resource:
    if before is None:
        follow_moves(item, None, package)
        return Resource.made_by(image, item)
    if not before.has_folded and fingerprint(item) == before.print:
        before.node = item
        return before
    restore(before.original(), item)
    follow_moves(item, before.place, package)
    settle(item)
    made = Resource.made_by(image, item)
    if not before.has_folded and made.print == before.print:  # only the order was another, or the quotes of ours
        before.node = item
        return before
    return made


# --- what the cache keeps: of a resource that stayed only its number, others as they are


class _Kept(msgspec.Struct, array_like=True):
    """`made` are node and fingerprint of each resource that is not as it was."""

    made: list[tuple[bytes, bytes] | None]
    sources: list[int]
    outcome: FunctionOutcome


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(_Kept).decode


def _to_remember(done: Done, given: Sequence[Resource]) -> bytes:
    """Empty for what cannot be kept: a number that is too long, half a surrogate pair."""
    stayed = set(given)
    made = [None if one in stayed else (pack([one.node]), one.print) for one in done.resources]
    assert done.outcome is not None
    try:
        return _encode(_Kept(made, done.sources, replace(done.outcome, items=[])))
    except (OverflowError, UnicodeEncodeError, TypeError):
        return b""


def _remembered(image: str, data: bytes, given: Sequence[Resource], before: str) -> Done:
    kept = _decode(data)
    resources = []
    for one, source in zip(kept.made, kept.sources, strict=True):
        if one is None:
            resources.append(given[source])
        else:
            [node] = unpack(one[0])
            resources.append(Resource(node, one[1], place_of(node)))
            resources[-1].changed_by = image
    return Done(resources, kept.sources, kept.outcome, before, reused=True)

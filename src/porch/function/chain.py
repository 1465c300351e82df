"""All runtimes as one: resolves an image, asks the policy, and lets the first runtime that has the function run it.

A runtime that does not have the function passes it on; any other error ends the search, or what one runtime refuses
another would run.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from porch.errors import BadRequest
from porch.function.catalog import Catalog
from porch.function.images import parse_image
from porch.function.interface import FunctionCall, FunctionNotFound, FunctionOutcome, FunctionRuntime
from porch.function.options import FunctionOptions
from porch.function.policy import ImagePolicy

T = TypeVar("T")


class Functions:
    """What the pipeline knows of functions."""

    name = "chain"

    def __init__(self, catalog: Catalog, policy: ImagePolicy, runtimes: Sequence[FunctionRuntime]) -> None:
        self._catalog, self._policy, self._runtimes = catalog, policy, tuple(runtimes)

    def resolve(self, image: str, tag: str = "") -> str:
        """The whole name of a Kptfile's `image` and `tag`. Raises BadRequest."""
        return self._catalog.resolve(image, tag)

    def is_builtin(self, image: str) -> bool:
        """Whether a resolved image runs in this very process: quickly, and with no need of patience."""
        return bool(self._catalog.builtin(parse_image(image)))

    def digest(self, image: str) -> str:
        self._check(image)
        return self._first(image, lambda runtime: runtime.digest(image))

    def evaluate(self, call: FunctionCall) -> FunctionOutcome:
        self._check(call.image)
        return self._first(call.image, lambda runtime: runtime.evaluate(call))

    def close(self) -> None:
        for runtime in self._runtimes:
            runtime.close()

    def _check(self, image: str) -> None:
        parsed = parse_image(image)
        self._policy.check(parsed, builtin=bool(self._catalog.builtin(parsed)))

    def _first(self, image: str, ask: Callable[[FunctionRuntime], T]) -> T:
        reasons = []
        for runtime in self._runtimes:
            try:
                return ask(runtime)
            except FunctionNotFound as error:
                reasons.append(error)
        raise _most_telling(image, reasons)


def _most_telling(image: str, reasons: Sequence[FunctionNotFound]) -> FunctionNotFound:
    """A runtime that knows the image, and not where it is, says more than one that has never heard of it."""
    plain = str(FunctionNotFound.of_image(image))
    why = next((str(error) for error in reasons if str(error) != plain), plain)
    return FunctionNotFound(why if why.startswith("func eval ") else f"{_EVAL.format(image)} {why}")


_EVAL = 'func eval "{}" failed: rpc error: code = NotFound desc ='


_last: tuple[FunctionOptions, Functions] | None = None


def functions_for(options: FunctionOptions) -> Functions:
    """As `open_functions`, but kept for the next render of this process with the same options."""
    global _last  # noqa: PLW0603 - connections and digests are worth keeping; options change seldom
    if _last is None or _last[0] != options:
        opened = open_functions(options)
        if _last is not None:
            _last[1].close()
        _last = options, opened
    return _last[1]


def open_functions(options: FunctionOptions) -> Functions:
    """Raises BadRequest for a runtime that there is not."""
    catalog = Catalog(options.configs, options.prefix)
    runtimes = []
    for name in options.runtimes:
        if name not in _MAKERS:
            raise BadRequest(f"setting function-runtimes: there is no {name!r}; known are {', '.join(_MAKERS)}")
        if made := _MAKERS[name](catalog, options):
            runtimes.append(made)
    return Functions(catalog, ImagePolicy(options.allow, options.digests), runtimes)


def _builtin(catalog: Catalog, options: FunctionOptions) -> FunctionRuntime:
    from porch.function.runtimes.builtin import BuiltinRuntime

    return BuiltinRuntime(catalog, compatible=options.compatible)


def _executable(catalog: Catalog, options: FunctionOptions) -> FunctionRuntime | None:
    if not options.directory:
        return None
    from porch.function.runtimes.executable import ExecutableRuntime
    from porch.function.runtimes.program import Limits

    limits = Limits(options.seconds, options.memory, options.output_bytes)
    return ExecutableRuntime(catalog, Path(options.directory), limits)


def _remote(catalog: Catalog, options: FunctionOptions) -> FunctionRuntime | None:  # noqa: ARG001 - as the others
    if not options.runner:
        return None
    from porch.function.runtimes.remote import RemoteRuntime

    return RemoteRuntime(options.runner, seconds=options.seconds, message_bytes=options.message_bytes)


def _container(catalog: Catalog, options: FunctionOptions) -> FunctionRuntime | None:  # noqa: ARG001 - as the others
    from porch.function.runtimes.container import COMMANDS, ContainerRuntime
    from porch.function.runtimes.program import Limits

    command = options.container or next((name for name in COMMANDS if shutil.which(name)), "")
    if not command:
        return None
    return ContainerRuntime(command, Limits(options.seconds, options.memory, options.output_bytes))


_MAKERS: Mapping[str, Callable[[Catalog, FunctionOptions], FunctionRuntime | None]] = {
    "builtin": _builtin,
    "exec": _executable,
    "grpc": _remote,
    "container": _container,
}

"""Native functions, run in this very process on nodes: nothing is written as text and read again.

Their time and memory are bounded by the worker process that a render runs in.
"""

from __future__ import annotations

import time

from porch.function.catalog import Catalog
from porch.function.images import Image, parse_image
from porch.function.interface import FunctionCall, FunctionFailed, FunctionNotFound, FunctionOutcome, ResourceList
from porch.function.registry import find_native, native_digest
from porch.function.runtimes.outcome import Ended, failed_text
from porch.kyaml import Node, find

_IN_SERVER = frozenset({"apply-replacements", "set-namespace", "starlark"})
"""Upstream has these built in, too: their items are not sorted there, and their failures are worded otherwise."""
_SDK_FAILURE = "failed to evaluate function: "
_PANIC_CODE = 2


class BuiltinRuntime:
    name = "builtin"

    def __init__(self, catalog: Catalog, *, compatible: bool = True) -> None:
        self._catalog = catalog
        self._compatible = compatible

    def digest(self, image: str) -> str:
        return self._digest(self._find(parse_image(image)))

    def evaluate(self, call: FunctionCall) -> FunctionOutcome:
        image = parse_image(call.image)
        name = self._find(image)
        resources = ResourceList(call.items, call.config, version=image.tag, compatible=self._compatible)
        began = time.perf_counter()
        code, stderr, error = _run(name, call.image, resources)
        if not code and name not in _IN_SERVER and getattr(find_native(name), "SORTS", False):
            resources.items.sort(key=sort_key)
        return FunctionOutcome(
            resources.items if not code else [],
            tuple(resources.results),
            code,
            stderr,
            error,
            time.perf_counter() - began,
            self._digest(name),
        )

    def close(self) -> None:
        """Has nothing open."""

    def _digest(self, name: str) -> str:
        """What is remembered of one manner must not be taken for the other."""
        return native_digest(name) + ("" if self._compatible else "+mended")

    def _find(self, image: Image) -> str:
        if name := self._catalog.builtin(image):
            return name
        raise FunctionNotFound.of_image(str(image))


def sort_key(item: Node) -> str:
    """The order in which functions on Go's SDK give items back. What is no string counts as empty."""
    found = (find(item, *path) for path in _SORTED_BY)
    return " ".join(node.value if node is not None and node.tag == "!!str" else "" for node in found)


_SORTED_BY = (("apiVersion",), ("kind",), ("metadata", "namespace"), ("metadata", "name"))


def _run(name: str, image: str, resources: ResourceList) -> tuple[int, str, str]:
    """Exit code, what is on stderr, and the sentence about a failure."""
    try:
        find_native(name).run(resources)
    except FunctionFailed as failed:
        return failed.exit_code, failed.stderr, _failure(name, image, failed)
    except (MemoryError, FunctionNotFound):
        raise
    except Exception as error:  # noqa: BLE001 - a function's mistake fails the function, not the render's process
        panic = f"KRM function panicked with: {type(error).__name__}: {error}"
        return _PANIC_CODE, panic, panic
    return 0, resources.stderr, ""


def _failure(name: str, image: str, failed: FunctionFailed) -> str:
    if name in _IN_SERVER:
        return failed.stderr.strip().removeprefix(_SDK_FAILURE) or "error: function failure"
    return failed_text(image, Ended(b"", failed.stderr, failed.exit_code, 0.0))

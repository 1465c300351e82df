"""What goes into a call of a KRM function and what comes out, and how functions and runtimes are written.

A *function* is asked for by image name. A *runtime* runs it: built in, an executable, a function runner over gRPC, a
container, a pod. All take the same call and give the same outcome, so that the pipeline need not know which it was.

A *native function* is a Python module with three names:

    NAME = "set-namespace"      the last element of its image name
    SORTS = True                whether its Go version sorts what it gives back (those on the function SDK do)
    def run(resources: ResourceList) -> None

`run` changes `resources.items` as it likes (in place, or by another list) and adds to `resources.results`. It raises
`FunctionFailed` to fail; results that it has added by then are kept. It does no input or output of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from porch.errors import NotFound
from porch.function.results import Result
from porch.kyaml import Node


@dataclass(slots=True)
class ResourceList:
    """A function's input, and its output once it has run. Nodes are the function's own: it may keep and change them."""

    items: list[Node]
    config: Node | None = None
    """The functionConfig; None when the pipeline gives none."""
    results: list[Result] = field(default_factory=list)
    stderr: str = ""
    """What the function prints, like the `print` of a script; kept after success, too."""
    version: str = ""
    """The tag that the function was asked for by, like v0.4.1; empty for the newest. Some texts depend on it."""
    compatible: bool = True
    """Whether content comes out as the Go version writes it even where that is a mistake. Packages depend on it."""


class FunctionFailed(Exception):
    """Raised by a native function that fails: what its Go version prints on stderr, and its exit code."""

    def __init__(self, stderr: str = "", *, exit_code: int = 1) -> None:
        super().__init__(stderr)
        self.stderr = stderr
        self.exit_code = exit_code


class NativeFunction(Protocol):
    """A module that is a native function."""

    NAME: str
    SORTS: bool

    def run(self, resources: ResourceList) -> None: ...


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """One call. `image` is resolved: it has a prefix and a tag or digest. The runtime may keep and change the nodes."""

    image: str
    items: list[Node]
    config: Node | None = None


@dataclass(frozen=True, slots=True)
class FunctionOutcome:
    """What a function that was run has given. It failed when `exit_code` is not 0, whatever its results say."""

    items: list[Node]
    results: Sequence[Result] = ()
    exit_code: int = 0
    stderr: str = ""
    error: str = ""
    """Why it failed, as a sentence that names the image; empty after success."""
    duration: float = 0.0
    """Seconds."""
    digest: str = ""
    """What identifies the code that ran, for the incremental cache; empty when nothing does."""


class FunctionNotFound(NotFound):
    """No runtime has this function. A chain asks its next runtime; any other error ends the search."""

    @classmethod
    def of_image(cls, image: str, why: str = "") -> FunctionNotFound:
        return cls(f'function "{image}" not found' + (f": {why}" if why else ""))


class FunctionRuntime(Protocol):
    """One way of running functions. Used inside a worker process, by one call at a time."""

    name: str

    def digest(self, image: str) -> str:
        """What identifies the code that would run now, without running it; empty when that cannot be known (then
        nothing is remembered). Raises FunctionNotFound.
        """
        ...

    def evaluate(self, call: FunctionCall) -> FunctionOutcome:
        """A function that fails is an outcome. Raises FunctionNotFound when this runtime does not have it, and other
        PorchErrors when it could not be run at all.
        """
        ...

    def close(self) -> None: ...

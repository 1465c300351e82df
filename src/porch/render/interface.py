"""What rendering a package takes and gives back: plain values, so that it can be the job of a worker process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from porch.errors import FieldError
from porch.function.options import FunctionOptions
from porch.function.results import Result
from porch.types.resources import RenderStatus

Package = Mapping[str, bytes]
"""All files of a package: path relative to its root to content."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    functions: FunctionOptions = field(default_factory=FunctionOptions)
    allow_exec: bool = False
    """Whether a Kptfile may name programs of this machine."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` functions are done; the next one is `image`, empty after the last."""

    done: int
    total: int
    image: str = ""


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Step:
    """What one function of a pipeline did."""

    section: str
    """mutators or validators."""
    package: str
    """The directory of its package, empty for the root."""
    name: str = ""
    image: str = ""
    """The whole name."""
    exec: str = ""
    exit_code: int = 0
    stderr: str = ""
    results: tuple[Result, ...] = ()
    error: str = ""
    """Why it failed; empty after success."""
    ran: bool = True
    """False when it could not be started, or gave what cannot be."""
    reused: bool = False
    """True when it was not called, because it had been called for the same before."""
    duration: float = 0.0
    """Seconds of the call, of the earlier one if it was reused."""
    digest: str = ""
    """Of the code that ran, if that is known."""
    before: str = ""
    """Hash of the resources that it was given."""
    after: str = ""
    """Hash of what it gave; the same as before when it changed nothing."""

    @property
    def failed(self) -> bool:
        return bool(self.error)


@dataclass(frozen=True, slots=True)
class Rendered:
    """`problems` is empty when the render succeeded; their fields are like `spec.resources[a.yaml]`.

    After a failure `files` are those that were given, with the failure in the root Kptfile's Rendered condition; they
    may be stored if the user asked for it (push-on-render-failure) and `storable` says that the Kptfile could take it.
    If the Kptfile asks for it (save-on-render-failure), they hold what the functions before the failed one did.

    `steps` are the functions that were called, in that order, over all packages; the last one is the one that failed.
    """

    files: Package
    status: RenderStatus = field(default_factory=RenderStatus)
    problems: tuple[FieldError, ...] = ()
    storable: bool = True
    steps: tuple[Step, ...] = ()

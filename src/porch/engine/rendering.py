"""Where packages are rendered, and with which functions: the engine's way to the room `render`.

Packages without functions are only looked through, at once. All others are one job of a worker process: of a few quick
ones when every function is built in, of patient ones when some run elsewhere, so that waiting for those holds up nobody
who does not use them. A worker that takes too long, or too much memory, or whose job is cancelled, is killed; the error
names the function that it was at.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from porch.engine.operations import Running
from porch.errors import FieldError, Invalid, PorchError, Timeout, invalid
from porch.function.chain import Functions, open_functions
from porch.function.options import FunctionOptions
from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.render import Progress, Rendered, RenderOptions, prepare, render
from porch.render.kptfiles import read_kptfile
from porch.store import Verdict
from porch.types.resources import PACKAGE_REVISION_RESOURCES as KIND
from porch.workers import OutOfMemory, WorkerDied, WorkerPool

_HEAVY_BYTES = 256 * 1024
"""Packages without functions above this are looked through in a worker process."""


@dataclass(frozen=True, slots=True)
class Pools:
    """Worker processes: for heavy work of any kind, for functions that are built in, and for those that are not."""

    heavy: WorkerPool
    quick: WorkerPool
    patient: WorkerPool


class Renderer:
    def __init__(self, pools: Pools, options: Callable[[], FunctionOptions]) -> None:
        """`options` says how functions are run now."""
        self._pools, self._options = pools, options
        self._lock = threading.Lock()
        self._opened: tuple[FunctionOptions, Functions] | None = None

    def has_functions(self, files: Mapping[str, bytes]) -> bool:
        return bool(_images(files))

    def expect(self, content: bytes) -> None:
        """Somebody reads a draft, as people do before they change it: if it has functions, a process should be there
        when they send it back. `content` holds the files, encoded in whatever way.
        """
        if b"pipeline:" in content:
            self._pools.quick.warm(prepare, RenderOptions(self._options()))

    def render(self, files: Mapping[str, bytes], running: Running | None, name: str) -> Rendered:
        """`running` is the operation of a package that has functions. Raises Invalid when a function was killed,
        Cancelled, ServiceUnavailable when no process can be started.
        """
        if running is None:
            heavy = sum(map(len, files.values())) > _HEAVY_BYTES
            return self._pools.heavy.run(render, files) if heavy else render(files)
        options = RenderOptions(self._options())
        pool = self._pools.quick if _is_quick(files, self._functions(options.functions)) else self._pools.patient
        try:
            return pool.work(running.job, render, files, options)
        except (Timeout, OutOfMemory, WorkerDied) as error:
            raise _killed(name, running.job.last, error) from error

    def code(self, images: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """What would run now: each image with the digest of its code, empty for what cannot be known."""
        if not images:
            return ()
        functions = self._functions(self._options())
        return tuple((image, _digest(functions, image)) for image in images)

    def is_current(self, verdict: Verdict) -> bool:
        """Whether the code that ran then would run now."""
        return self.code([image for image, _ in verdict.functions]) == verdict.functions

    def _functions(self, options: FunctionOptions) -> Functions:
        """Only asked, never run: that is for the workers. Kept for as long as the options stay."""
        with self._lock:
            if self._opened is None or self._opened[0] != options:
                self._opened = options, open_functions(options)
            return self._opened[1]


def _is_quick(files: Mapping[str, bytes], functions: Functions) -> bool:
    return all(_is_builtin(functions, *named) for named in _images(files))


def _is_builtin(functions: Functions, image: str, tag: str) -> bool:
    """What cannot be run at all fails quickly."""
    try:
        return functions.is_builtin(functions.resolve(image, tag))
    except PorchError:
        return True


def _images(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Image and tag of each function that the Kptfiles name. What is wrong with a Kptfile is the render's to say."""
    found = []
    for path, data in files.items():
        if path.rpartition("/")[2] == kptfile.NAME and b"pipeline" in data:
            try:
                pipeline = read_kptfile(data).pipeline
            except YamlError:
                continue
            found += [(function.image, function.tag) for function in pipeline.functions]
    return found


def _digest(functions: Functions, image: str) -> str:
    try:
        return functions.digest(image)
    except PorchError:
        return "unknown"


def _killed(name: str, last: Progress | None, error: PorchError) -> Invalid:
    image = last.image if last is not None else ""
    text = f'function "{image}" was stopped: {error.message}' if image else f"the render was stopped: {error.message}"
    cause: FieldError = invalid(f"spec.resources[{kptfile.NAME}]", image, text)
    return Invalid.of(KIND.group, KIND.name, name, [cause])

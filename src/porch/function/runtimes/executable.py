"""Executables that FunctionConfigs name: `binaryExecutor`. They lie below one directory, the setting `function-dir`.

A ResourceList on stdin, one on stdout, what people should read on stderr; no arguments. The environment has only what
programs need to run: the server's own may hold secrets.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import NamedTuple

from porch.errors import ServiceUnavailable
from porch.function.catalog import Catalog
from porch.function.images import parse_image
from porch.function.interface import FunctionCall, FunctionNotFound, FunctionOutcome, ResourceList
from porch.function.resourcelist import write_resource_list
from porch.function.runtimes.outcome import Ended, failure, outcome_of, stopped_text
from porch.function.runtimes.program import Finished, Limits, run_program

_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
_SETTLED_NS = 2_000_000_000
"""A file changed more recently may change again with nothing to tell by: clocks of file systems are coarse."""


class _Stamp(NamedTuple):
    """Changes whenever the file does, unless it was changed just now."""

    path: Path
    inode: int
    size: int
    written: int
    changed: int


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return _Stamp(path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _is_still(path: Path, stamp: _Stamp) -> bool:
    try:
        return _stamp(path) == stamp
    except OSError:
        return False


class ExecutableRuntime:
    name = "exec"

    def __init__(self, catalog: Catalog, directory: Path, limits: Limits) -> None:
        self._catalog, self._directory, self._limits = catalog, directory, limits
        self._digests: dict[_Stamp, str] = {}

    def digest(self, image: str) -> str:
        path = self._find(image)
        stamp = _stamp(path)
        if stamp in self._digests:
            return self._digests[stamp]
        with path.open("rb") as file:
            digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        if time.time_ns() - stamp.changed > _SETTLED_NS:
            self._digests[stamp] = digest
        return digest

    def evaluate(self, call: FunctionCall) -> FunctionOutcome:
        path = self._find(call.image)
        data = write_resource_list(ResourceList(call.items, call.config))
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        try:
            stamp, digest = _stamp(path), self.digest(call.image)
            finished = run_program([str(path)], data, self._limits, environment)
            if not _is_still(path, stamp):
                digest = ""  # nobody knows which of them ran
        except OSError as error:
            raise ServiceUnavailable(f'function "{call.image}": cannot run {path}: {error.strerror}') from error
        return program_outcome(call.image, finished, digest)

    def close(self) -> None:
        """Has nothing open."""

    def _find(self, image: str) -> Path:
        """Raises FunctionNotFound, also for a path that leads out of the directory."""
        named = self._catalog.executable(parse_image(image))
        if not named:
            raise FunctionNotFound.of_image(image)
        path = (self._directory / named).resolve()
        if not path.is_relative_to(self._directory.resolve()):
            raise FunctionNotFound.of_image(image, f"{named} is not below the setting function-dir")
        if not os.access(path, os.X_OK) or not path.is_file():
            raise FunctionNotFound.of_image(image, f"{named} is no executable in {self._directory}")
        return path


def program_outcome(image: str, finished: Finished, digest: str) -> FunctionOutcome:
    """Also of a program that had to be killed."""
    stderr = finished.stderr.decode("utf-8", "replace")
    ended = Ended(finished.stdout, stderr, finished.exit_code, finished.seconds, digest)
    if finished.stopped:
        return failure(stopped_text(image, f"{finished.stopped} and was stopped ({stderr})"), ended)
    return outcome_of(image, ended)

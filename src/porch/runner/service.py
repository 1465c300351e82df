"""What the function runner does with a call: functions of its own in a worker process, all others in pods.

A worker is killed when the caller's time is over, when the caller goes away, or when the function needs too much
memory; the other calls go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import grpc
import structlog

from porch.function.catalog import Catalog
from porch.function.images import parse_image
from porch.function.interface import FunctionNotFound
from porch.function.options import FunctionOptions
from porch.function.policy import ImagePolicy
from porch.function.runtimes.outcome import runner_text
from porch.runner.server import Answer, Refused
from porch.runner.work import Evaluated, evaluate_text
from porch.workers import Job, WorkerPool

_logger = structlog.get_logger(__name__)


class Elsewhere(Protocol):
    """Where functions run that this process does not have: pods."""

    def evaluate(self, image: str, data: bytes, seconds: float) -> Answer: ...


class Evaluation:
    """The service. Options are asked for with each call, because FunctionConfigs change."""

    def __init__(
        self, options: Callable[[], FunctionOptions], pool: WorkerPool, pods: Elsewhere | None, *, seconds: float
    ) -> None:
        """`seconds` is the time for a call whose caller sets none."""
        self._options, self._pool, self._pods, self._seconds = options, pool, pods, seconds

    def __call__(self, image: str, data: bytes, context: grpc.ServicerContext) -> Answer:
        began = time.monotonic()
        try:
            answer = self._evaluate(image, data, context)
        except Exception as error:
            _logger.info("function failed", image=image, seconds=_since(began), error=str(error)[:500])
            raise
        _logger.info("function evaluated", image=image, seconds=_since(began))
        return answer

    def _evaluate(self, image: str, data: bytes, context: grpc.ServicerContext) -> Answer:
        options = self._options()
        remaining = context.time_remaining()
        seconds = min(self._seconds, remaining) if remaining is not None else self._seconds
        if self._pods is not None and not _is_here(image, options):
            return self._pods.evaluate(image, data, seconds)
        job = Job(timeout=seconds)
        context.add_callback(job.cancel)
        try:
            done = self._pool.work(job, evaluate_text, options, image, data)
        except FunctionNotFound as error:
            raise FunctionNotFound.of_image(image) from error
        if done.exit_code or done.error:
            raise _failed(image, done)
        return Answer(done.resource_list, done.stderr.encode())


def _is_here(image: str, options: FunctionOptions) -> bool:
    """Also raises ImageForbidden, for pods as for everything else."""
    parsed, catalog = parse_image(image), Catalog(options.configs, options.prefix)
    builtin = bool(catalog.builtin(parsed)) and "builtin" in options.runtimes
    ImagePolicy(options.allow, options.digests).check(parsed, builtin=builtin)
    return builtin or ("exec" in options.runtimes and bool(catalog.executable(parsed)))


def _failed(image: str, done: Evaluated) -> Refused:
    if done.results:
        told = "\n\n".join(map(str, done.results))
        text = f'failed to evaluate function "{image}" with structured results: {told} and stderr: {done.stderr}'
    elif done.error.startswith("MalformedYAMLError"):
        text = f"failed to parse the output of function \"{image}\" with stderr '{done.stderr}': {done.error}"
    else:
        text = _without_client(image, done.error) or runner_text(image, done.exit_code, done.stderr)
    return Refused(grpc.StatusCode.INTERNAL, text, done.results)


def _without_client(image: str, error: str) -> str:
    """What the runtime's sentence says behind the part that the caller's client will put in front again."""
    _, found, text = error.partition(f'func eval "{image}" failed: rpc error: code = Internal desc = ')
    return text if found else ""


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)

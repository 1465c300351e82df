"""What runs in a function's pod: serves the function runner's protocol and starts the function's program for each call.

Upstream's image for this is `wrapper-server`; this one takes its flags.
"""

from __future__ import annotations

from collections.abc import Sequence

import grpc

from porch.errors import BadRequest
from porch.function.resourcelist import read_resource_list
from porch.function.runtimes.outcome import runner_text
from porch.function.runtimes.program import Limits, run_program
from porch.krm.errors import YamlError
from porch.runner.server import Answer, Refused


class Wrapped:
    """Evaluates every call with one program, whatever image is asked for."""

    def __init__(self, command: Sequence[str], limits: Limits) -> None:
        if not command:
            raise BadRequest("name the function's program behind --")
        self._command, self._limits = list(command), limits

    def __call__(self, image: str, data: bytes, context: grpc.ServicerContext) -> Answer:
        remaining = context.time_remaining()
        seconds = self._limits.seconds if remaining is None else min(self._limits.seconds, remaining)
        limits = Limits(seconds, self._limits.memory, self._limits.stdout, self._limits.stderr)
        try:
            done = run_program(self._command, data, limits)
        except OSError as error:
            why = f'Failed to execute function "{image}": {error.strerror} ()'
            raise Refused(grpc.StatusCode.INTERNAL, why) from error
        stderr = done.stderr.decode("utf-8", "replace")
        if done.stopped:
            text = f'Failed to execute function "{image}": {done.stopped} and was stopped ({stderr})'
            raise Refused(grpc.StatusCode.INTERNAL, text)
        if done.exit_code:
            raise _failed(image, done.stdout, stderr, done.exit_code)
        return Answer(done.stdout, done.stderr)


def _failed(image: str, stdout: bytes, stderr: str, code: int) -> Refused:
    try:
        results = read_resource_list(stdout).results
    except YamlError as error:
        text = f"failed to parse the output of function \"{image}\" with stderr '{stderr}': {error.message}"
        return Refused(grpc.StatusCode.INTERNAL, text)
    if not results:
        return Refused(grpc.StatusCode.INTERNAL, runner_text(image, code, stderr))
    told = "\n\n".join(map(str, results))
    text = f'failed to evaluate function "{image}" with structured results: {told} and stderr: {stderr}'
    return Refused(grpc.StatusCode.INTERNAL, text, tuple(results))

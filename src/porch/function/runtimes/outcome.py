"""What a program gave back, as an outcome: the same for executables, containers and function runners.

The texts are those of upstream's function runner, because people search for them.
"""

from __future__ import annotations

from dataclasses import dataclass

from porch.function.interface import FunctionOutcome
from porch.function.resourcelist import read_resource_list
from porch.function.results import Result
from porch.krm.errors import YamlError


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended by itself. `exit_code` is negative for a signal, as subprocess has it."""

    stdout: bytes
    stderr: str
    exit_code: int
    duration: float
    digest: str = ""


def outcome_of(image: str, ended: Ended) -> FunctionOutcome:
    """What was written is read even after a failure, for its results."""
    try:
        resources = read_resource_list(ended.stdout)
    except YamlError as error:
        if ended.exit_code == 0:
            return failure(f"MalformedYAMLError: yaml: {error.message}", ended)
        return failure(failed_text(image, ended), ended)
    if ended.exit_code:
        return failure(failed_text(image, ended), ended, resources.results)
    return FunctionOutcome(
        resources.items, tuple(resources.results), 0, ended.stderr, duration=ended.duration, digest=ended.digest
    )


def failure(error: str, ended: Ended, results: list[Result] | None = None) -> FunctionOutcome:
    code = ended.exit_code or 1
    return FunctionOutcome([], tuple(results or ()), code, ended.stderr, error, ended.duration, ended.digest)


def failed_text(image: str, ended: Ended) -> str:
    return _internal(image, runner_text(image, ended.exit_code, ended.stderr))


def runner_text(image: str, exit_code: int, stderr: str) -> str:
    """What a function runner says of a function that failed; its client puts more in front."""
    return f'Failed to execute function "{image}": {_how(exit_code)} ({stderr})'


def stopped_text(image: str, why: str) -> str:
    """For a program that was not let run to its end."""
    return _internal(image, f'Failed to execute function "{image}": {why}')


def _internal(image: str, text: str) -> str:
    return f'func eval "{image}" failed: rpc error: code = Internal desc = {text}'


def _how(code: int) -> str:
    return f"exit status {code}" if code >= 0 else f"signal: {_SIGNALS.get(-code, str(-code))}"


_SIGNALS = {4: "illegal instruction", 6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}
"""Go's words for what ends programs most."""

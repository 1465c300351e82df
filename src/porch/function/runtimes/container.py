"""Functions in local containers, by docker, podman or another command that takes the same words.

A container has no network, no privileges, nothing to write on but /tmp, and limits. It goes when its function ends. One
whose worker was killed is found by its label, which names the worker, and removed by the next worker.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from contextlib import suppress
from pathlib import Path

from porch.errors import ServiceUnavailable
from porch.function.images import parse_image
from porch.function.interface import FunctionCall, FunctionOutcome, ResourceList
from porch.function.resourcelist import write_resource_list
from porch.function.runtimes.executable import program_outcome
from porch.function.runtimes.program import Limits, run_program

COMMANDS = ("docker", "podman", "nerdctl")
LABEL = "porch.kpt.dev/worker"
_PROCESSES = 256
_SECONDS = 30
_NOT_STARTED = (125, 126, 127)
"""The container command's own failures: no image, no server, no entry point."""


class ContainerRuntime:
    name = "container"

    def __init__(self, command: str, limits: Limits) -> None:
        self._command, self._limits = command, limits
        self._swept = False

    def digest(self, image: str) -> str:
        """Only a digest says what will run; tags move."""
        return parse_image(image).digest

    def evaluate(self, call: FunctionCall) -> FunctionOutcome:
        if not self._swept:
            self._remove_orphans()
        name = f"porch-{uuid.uuid4().hex}"
        data = write_resource_list(ResourceList(call.items, call.config))
        # The memory is the container's, not that of the command which only starts it.
        limits = Limits(self._limits.seconds, 0, self._limits.stdout, self._limits.stderr)
        try:
            finished = run_program(self.command_line(call.image, name), data, limits)
        except OSError as error:
            raise ServiceUnavailable(f"cannot run {self._command}: {error.strerror}") from error
        if finished.stopped:
            self._run("rm", "--force", name)
        elif finished.exit_code in _NOT_STARTED:
            why = finished.stderr.decode("utf-8", "replace").strip()
            raise ServiceUnavailable(f'function "{call.image}": {self._command} cannot run it: {why}')
        return program_outcome(call.image, finished, self.digest(call.image))

    def command_line(self, image: str, name: str) -> list[str]:
        options = [
            *("--rm", "--interactive", "--name", name, "--label", f"{LABEL}={_worker(os.getpid())}"),
            *("--network", "none", "--read-only", "--tmpfs", "/tmp", "--user", "65534:65534"),  # noqa: S108 - inside
            *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", str(_PROCESSES)),
        ]
        if self._limits.memory:
            options += ["--memory", str(self._limits.memory), "--memory-swap", str(self._limits.memory)]
        return [self._command, "run", *options, "--", image]

    def close(self) -> None:
        """Has nothing open."""

    def _remove_orphans(self) -> None:
        self._swept = True
        listed = self._run("ps", "--filter", f"label={LABEL}", "--format", '{{.ID}} {{.Label "' + LABEL + '"}}')
        for line in listed.splitlines():
            container, _, worker = line.partition(" ")
            process = worker.partition("-")[0]
            if not process.isdigit() or _worker(int(process)) != worker:
                self._run("rm", "--force", container)

    def _run(self, *arguments: str) -> str:
        """What it prints; a container that is gone already is no failure."""
        with suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                [self._command, *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False
            )
            return done.stdout
        return ""


def _worker(process: int) -> str:
    """A process that lives, by its id and when it began: ids come again. Empty when it does not."""
    with suppress(OSError):
        words = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
        return f"{process}-{words[19]}"
    return ""

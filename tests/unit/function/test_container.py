"""Local containers. What is tested is the command line and what is made of its end: the command itself is a small
program here that keeps a list of what it was told, because a container server is not at hand everywhere.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from porch.errors import ServiceUnavailable
from porch.function.chain import open_functions
from porch.function.interface import FunctionCall
from porch.function.options import FunctionOptions
from porch.function.runtimes.container import LABEL, ContainerRuntime, _worker
from porch.function.runtimes.program import Limits
from porch.kyaml import text_of
from tests.unit.function.installed import config_map
from tests.unit.function.test_executable import write

_IMAGE = "example.test/fn/f:v1"
_COMMAND = """
import json, os, pathlib, sys
told = pathlib.Path(__file__).with_name("told")
with told.open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1] == "ps":
    print(pathlib.Path(__file__).with_name("running").read_text(), end="")
elif sys.argv[1] == "run":
    exec({code!r})
"""


class Command:
    """A container command that does `code` for each container."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.path = str(directory / "docker")
        self.running("")
        self.does("")

    def does(self, code: str) -> None:
        write(self._directory, _COMMAND.format(code=code), "docker")

    def running(self, listed: str) -> None:
        (self._directory / "running").write_text(listed)

    def told(self, verb: str) -> list[list[str]]:
        lines = (self._directory / "told").read_text().splitlines()
        return [words for words in map(json.loads, lines) if words[0] == verb]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def _call() -> FunctionCall:
    return FunctionCall(_IMAGE, [config_map()])


def test_a_container_has_no_network_no_privileges_and_limits(command: Command) -> None:
    command.does("print(sys.stdin.read().replace('team-a', 'team-b'))")
    runtime = ContainerRuntime(command.path, Limits(20, memory=256 * 1024 * 1024))
    outcome = runtime.evaluate(_call())
    assert text_of(outcome.items[0], "data", "owner") == "team-b"
    (words,) = command.told("run")
    name = words[words.index("--name") + 1]
    assert words == [
        *("run", "--rm", "--interactive", "--name", name, "--label", f"{LABEL}={_worker(os.getpid())}"),
        *("--network", "none", "--read-only", "--tmpfs", "/tmp", "--user", "65534:65534"),
        *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--pids-limit", "256"),
        *("--memory", "268435456", "--memory-swap", "268435456", "--", _IMAGE),
    ]


def test_a_failure_of_the_function_is_an_outcome(command: Command) -> None:
    command.does("print(sys.stdin.read() + 'results: [{message: no}]')\nsys.exit('because')")
    outcome = ContainerRuntime(command.path, Limits(20)).evaluate(_call())
    assert (outcome.exit_code, outcome.stderr, outcome.results[0].message) == (1, "because\n", "no")


@pytest.mark.parametrize("code", [125, 126, 127])
def test_a_container_that_cannot_be_started_is_no_failure_of_the_function(command: Command, code: int) -> None:
    command.does(f"print('no such image', file=sys.stderr)\nsys.exit({code})")
    with pytest.raises(ServiceUnavailable, match="cannot run it: no such image"):
        ContainerRuntime(command.path, Limits(20)).evaluate(_call())


def test_a_container_that_hangs_is_removed(command: Command) -> None:
    command.does("while True: pass")
    outcome = ContainerRuntime(command.path, Limits(1)).evaluate(_call())
    assert "it took longer than 1 s and was stopped" in outcome.error
    (words,) = command.told("run")
    assert command.told("rm") == [["rm", "--force", words[words.index("--name") + 1]]]


def test_containers_of_dead_workers_are_removed_once(command: Command) -> None:
    command.running(f"aaa 1-1\nbbb {_worker(os.getpid())}\nccc \nddd 4000000-17\n")
    runtime = ContainerRuntime(command.path, Limits(20))
    runtime.evaluate(_call())
    runtime.evaluate(_call())
    assert command.told("rm") == [["rm", "--force", container] for container in ("aaa", "ccc", "ddd")]
    assert len(command.told("ps")) == 1


def test_only_a_digest_says_what_will_run(command: Command) -> None:
    runtime = ContainerRuntime(command.path, Limits(20))
    assert runtime.digest(_IMAGE) == ""
    assert runtime.digest(f"{_IMAGE}@sha256:{'0' * 64}") == f"sha256:{'0' * 64}"


def test_the_command_is_looked_for_when_no_setting_names_it(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command.does("print(sys.stdin.read())")
    monkeypatch.setenv("PATH", f"{Path(command.path).parent}{os.pathsep}{os.environ['PATH']}")
    outcome = open_functions(FunctionOptions(runtimes=("container",))).evaluate(_call())
    assert outcome.exit_code == 0
    assert len(command.told("run")) == 1


def test_without_a_command_there_are_no_containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sys.executable
    assert open_functions(FunctionOptions(runtimes=("container",)))._runtimes == ()

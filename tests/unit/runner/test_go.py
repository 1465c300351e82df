"""Go's own gRPC and protobuf on the other side of the wire, as client and as function runner."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from porch.function.interface import FunctionCall, FunctionNotFound
from porch.function.options import FunctionOptions
from porch.function.runtimes.remote import RemoteRuntime
from porch.kyaml import text_of
from tests.support.gotool import RUNNER, find
from tests.support.server import Lines
from tests.unit.function.installed import config_map
from tests.unit.function.test_executable import write
from tests.unit.runner.conftest import Runner
from tests.unit.runner.test_runner import _MINE, _RENAME, Run, _options

_INPUT = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- kind: A\n  owner: team-a\n"


def _evaluate(runner: Runner, image: str) -> list[dict[str, Any]]:
    command = [str(find(RUNNER)), "evaluate", runner.address, image]
    done = subprocess.run(command, input=_INPUT, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_client_in_go_is_served(run: Run, tmp_path: Any) -> None:
    write(tmp_path, _RENAME)
    health, evaluated = _evaluate(run(_options(tmp_path)), _MINE)
    assert health == {"event": "health", "status": "SERVING"}
    wanted = _INPUT.replace("team-a", "team-b")
    assert evaluated == {"event": "evaluated", "resourceList": wanted, "log": "told\n"}


def test_a_client_in_go_is_told_what_upstream_tells(run: Run) -> None:
    refused = _evaluate(run(FunctionOptions()), "a/b:v1")[1]
    text = 'rpc error: code = NotFound desc = function "a/b:v1" not found'
    assert refused == {"event": "refused", "code": "NotFound", "error": text}


@pytest.fixture
def go_runner(connect: Callable[..., RemoteRuntime]) -> Iterator[RemoteRuntime]:
    """A client of a function runner in Go."""
    command = [str(find(RUNNER)), "evaluator", "team-a", "team-b"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        address = json.loads(Lines(process.stdout).next())["address"]
        yield connect(Runner(int(address.rpartition(":")[2])))
        process.kill()


def test_a_runner_in_go_is_asked(go_runner: RemoteRuntime) -> None:
    outcome = go_runner.evaluate(FunctionCall("a/b:v1", [config_map()]))
    assert (text_of(outcome.items[0], "data", "owner"), outcome.stderr) == ("team-b", "told")


def test_what_a_runner_in_go_refuses_is_understood(go_runner: RemoteRuntime) -> None:
    with pytest.raises(FunctionNotFound, match='function "a/unknown:v1" not found'):
        go_runner.evaluate(FunctionCall("a/unknown:v1", [config_map()]))
    outcome = go_runner.evaluate(FunctionCall("a/failing:v1", [config_map()]))
    assert outcome.error == (
        'func eval "a/failing:v1" failed: rpc error: code = Internal desc = '
        'Failed to execute function "a/failing:v1": exit status 1 (because)'
    )

"""The function runner and its client, over a real connection."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import msgspec
import pytest

from porch.errors import RequestTooLarge, ServiceUnavailable
from porch.function.evaluator import METHOD, decode, encode
from porch.function.interface import FunctionCall, FunctionNotFound
from porch.function.options import FunctionOptions
from porch.function.runtimes.remote import RemoteRuntime
from porch.kyaml import text, text_of
from porch.runner.server import Answer
from porch.types.functionconfig import FunctionConfigSpec
from tests.unit.function.installed import config_map
from tests.unit.function.test_executable import write
from tests.unit.runner.conftest import Runner, Serve

_CATALOG = "ghcr.io/kptdev/krm-functions-catalog"
_MINE = f"{_CATALOG}/mine:v1"
_RENAME = "import sys\nprint(sys.stdin.read().replace('team-a', 'team-b'))\nprint('told', file=sys.stderr)"
Run = Callable[..., Runner]
Connect = Callable[..., RemoteRuntime]


def _options(directory: Path, **more: Any) -> FunctionOptions:
    spec = {"image": "mine", "binaryExecutor": {"tags": ["v1"], "path": "mine"}}
    return FunctionOptions((msgspec.convert(spec, FunctionConfigSpec),), directory=str(directory), **more)


def _call(image: str = _MINE) -> FunctionCall:
    return FunctionCall(image, [config_map()], config_map("config"))


@pytest.fixture
def client(run: Run, connect: Connect, tmp_path: Path) -> Callable[[str], RemoteRuntime]:
    """A client of a runner whose function `mine` is this code."""

    def connected(code: str, **options: Any) -> RemoteRuntime:
        write(tmp_path, code)
        return connect(run(_options(tmp_path, **options)))

    return connected


def test_a_function_is_evaluated_elsewhere(client: Callable[[str], RemoteRuntime]) -> None:
    outcome = client(_RENAME).evaluate(_call())
    assert [text_of(item, "data", "owner") for item in outcome.items] == ["team-b"]
    assert (outcome.exit_code, outcome.stderr, outcome.error) == (0, "told\n", "")
    assert outcome.duration > 0


def test_a_failed_function_is_told_as_upstream_tells_it(client: Callable[[str], RemoteRuntime]) -> None:
    outcome = client("import sys\nsys.exit('because')").evaluate(_call())
    assert outcome.exit_code == 1
    assert outcome.error == (
        f'func eval "{_MINE}" failed: rpc error: code = Internal desc = '
        f'Failed to execute function "{_MINE}": exit status 1 (because\n)'
    )


def test_results_of_a_failed_function_are_not_lost(client: Callable[[str], RemoteRuntime]) -> None:
    code = "import sys\nprint(sys.stdin.read() + 'results: [{message: no, severity: error}]')\nsys.exit('because')"
    outcome = client(code).evaluate(_call())
    assert [str(result) for result in outcome.results] == ["[error]: no"]
    assert outcome.error.endswith("with structured results: [error]: no and stderr: because\n")


def test_output_that_is_no_yaml_is_the_functions_failure(client: Callable[[str], RemoteRuntime]) -> None:
    outcome = client("print('a: [')").evaluate(_call())
    assert f'failed to parse the output of function "{_MINE}"' in outcome.error
    assert outcome.exit_code == 1


def test_a_function_that_is_not_there(client: Callable[[str], RemoteRuntime]) -> None:
    image = f"{_CATALOG}/no-such:v1"
    with pytest.raises(FunctionNotFound) as caught:
        client("").evaluate(_call(image))
    wanted = f'func eval "{image}" failed: rpc error: code = NotFound desc = function "{image}" not found'
    assert caught.value.message == wanted


def test_what_the_policy_refuses_is_told(client: Callable[..., RemoteRuntime]) -> None:
    outcome = client("", allow=("example.test/*",)).evaluate(_call())
    assert "code = PermissionDenied desc =" in outcome.error
    assert "not allowed by the setting function-allow" in outcome.error


def test_a_function_that_hangs_is_stopped_by_the_callers_deadline(run: Run, connect: Connect, tmp_path: Path) -> None:
    write(tmp_path, "while True: pass")
    runner = run(_options(tmp_path))
    outcome = connect(runner, seconds=2).evaluate(_call())
    assert "code = DeadlineExceeded desc =" in outcome.error
    write(tmp_path, _RENAME)
    with ThreadPoolExecutor(2) as threads:  # both workers are free again
        both = [threads.submit(connect(runner).evaluate, _call()) for _ in range(2)]
        assert [done.result().exit_code for done in both] == [0, 0]


def test_a_call_without_deadline_has_the_runners(run: Run, connect: Connect, tmp_path: Path) -> None:
    write(tmp_path, "while True: pass")
    outcome = connect(run(_options(tmp_path), seconds=2)).evaluate(_call())
    assert "code = DeadlineExceeded desc = evaluate_text took longer than" in outcome.error


def test_a_message_that_is_too_large_names_the_setting(client: Callable[[str], RemoteRuntime]) -> None:
    large = FunctionCall(_MINE, [config_map(owner="x" * 2_000_000)])
    with pytest.raises(RequestTooLarge, match=r"code = ResourceExhausted .*function-message-bytes"):
        client(_RENAME).evaluate(large)


def test_a_runner_that_is_not_there(connect: Connect) -> None:
    with pytest.raises(ServiceUnavailable, match=r"code = Unavailable .*function runner at 127.0.0.1:1"):
        connect(Runner(1), seconds=5).evaluate(_call())


def test_only_a_digest_says_what_a_runner_runs(connect: Connect) -> None:
    client = connect(Runner(1))
    assert client.digest(_MINE) == ""
    assert client.digest(f"a/b@sha256:{'0' * 64}") == f"sha256:{'0' * 64}"


def test_what_no_runtime_has_is_run_in_pods(run: Run, connect: Connect, tmp_path: Path) -> None:
    class Pods:
        def evaluate(self, image: str, data: bytes, seconds: float) -> Answer:
            assert 0 < seconds <= 30
            return Answer(data.replace(b"team-a", image.encode()))

    write(tmp_path, _RENAME)
    client = connect(run(_options(tmp_path), Pods()))
    assert text_of(client.evaluate(_call()).items[0], "data", "owner") == "team-b"
    assert text_of(client.evaluate(_call("a/b:v1")).items[0], "data", "owner") == "a/b:v1"


class TestTheWire:
    def _channel(self, runner: Runner) -> grpc.Channel:
        return grpc.insecure_channel(runner.address)

    def test_health_is_served(self, run: Run) -> None:
        with self._channel(run(FunctionOptions())) as channel:
            assert channel.unary_unary("/grpc.health.v1.Health/Check")(b"", timeout=10) == b"\x08\x01"

    @pytest.mark.parametrize("data", [b"\xff", b"\x0a\xff", b"\x0a\x05a", b"\x0b", b"\xff" * 20])
    def test_garbage_is_an_invalid_argument(self, run: Run, data: bytes) -> None:
        with self._channel(run(FunctionOptions())) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(METHOD)(data, timeout=10)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT

    @pytest.mark.parametrize(("resources", "image"), [(b"a: [", b"a/b:v1"), (b"", b"Bad Image"), (b"", b"\xff")])
    def test_bad_requests_are_invalid_arguments(self, run: Run, resources: bytes, image: bytes) -> None:
        with self._channel(run(FunctionOptions())) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(METHOD)(encode(resources, image), timeout=20)
        expected = grpc.StatusCode.NOT_FOUND if image == b"a/b:v1" else grpc.StatusCode.INVALID_ARGUMENT
        assert caught.value.code() in {expected, grpc.StatusCode.INVALID_ARGUMENT}

    def test_other_methods_are_not_implemented(self, run: Run) -> None:
        with self._channel(run(FunctionOptions())) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary("/evaluator.FunctionEvaluator/Other")(b"", timeout=10)
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED

    def test_a_mistake_of_ours_is_internal(self, serve: Serve) -> None:
        def stumble(image: str, data: bytes, context: grpc.ServicerContext) -> Answer:
            raise KeyError(image)

        with self._channel(serve(stumble)) as channel, pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(METHOD)(encode(b"", b"a"), timeout=10)
        assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.INTERNAL, "KeyError: 'a'")


@pytest.mark.parametrize(
    ("first", "second"), [(b"", b""), (b"a", b""), (b"", b"b"), (b"x" * 100, b"y" * 300), (b"z" * 70_000, b"i")]
)
def test_messages_are_written_and_read(first: bytes, second: bytes) -> None:
    assert decode(encode(first, second)) == (first, second)


def test_unknown_fields_of_messages_are_skipped() -> None:
    known = encode(b"a", b"b")
    assert decode(b"\x18\x96\x01" + known + b"\x22\x01x" + b"\x2d\x00\x00\x00\x00" + b"\x31" + bytes(8)) == (b"a", b"b")


def test_nodes_of_a_call_may_hold_anything(client: Callable[[str], RemoteRuntime]) -> None:
    item = config_map()
    item.content += [text("more"), text("\U0001f600\n\ttab: [x]\n")]
    outcome = client(_RENAME).evaluate(FunctionCall(_MINE, [item]))
    assert text_of(outcome.items[0], "more") == "\U0001f600\n\ttab: [x]\n"

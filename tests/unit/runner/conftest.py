"""A function runner in this process, with workers of its own, and a real gRPC connection to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from porch.function.options import FunctionOptions
from porch.function.runtimes.remote import RemoteRuntime
from porch.runner.server import Evaluate, Server
from porch.runner.service import Elsewhere, Evaluation
from porch.workers import WorkerPool

MESSAGE_BYTES = 1024 * 1024


@dataclass
class Runner:
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


Serve = Callable[[Evaluate], Runner]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def serve(stack: ExitStack) -> Serve:
    def serving(evaluate: Evaluate) -> Runner:
        server = Server(evaluate, "127.0.0.1:0", calls=4, message_bytes=MESSAGE_BYTES)
        server.start()
        stack.callback(server.stop, 0)
        return Runner(server.port)

    return serving


@pytest.fixture
def connect(stack: ExitStack) -> Callable[..., RemoteRuntime]:
    def connected(runner: Runner, seconds: float = 30, message_bytes: int = MESSAGE_BYTES) -> RemoteRuntime:
        runtime = RemoteRuntime(runner.address, seconds=seconds, message_bytes=message_bytes)
        stack.callback(runtime.close)
        return runtime

    return connected


@pytest.fixture
def run(serve: Serve, stack: ExitStack, tmp_path: Path) -> Callable[..., Runner]:
    """A runner of these options; its executables lie in `tmp_path`."""

    def running(options: FunctionOptions, pods: Elsewhere | None = None, *, seconds: float = 30) -> Runner:
        pool = WorkerPool(2, 30, memory=512 * 1024 * 1024)
        stack.callback(pool.close)
        return serve(Evaluation(lambda: options, pool, pods, seconds=seconds))

    return running

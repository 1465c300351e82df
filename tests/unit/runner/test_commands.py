"""`porch function-runner` and `porch function-wrapper` as processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from porch.function.interface import FunctionCall
from porch.function.runtimes.remote import RemoteRuntime
from porch.kyaml import text_of
from porch.store.sqlite import open_store
from tests.support.cluster import NAMESPACE_NAME, Cluster, Kubelet
from tests.support.registry import Registry
from tests.support.server import Lines
from tests.unit.function.installed import config_map
from tests.unit.function.test_executable import write
from tests.unit.runner.test_pods import _RENAME

_CONFIG = """\
apiVersion: config.porch.kpt.dev/v1alpha1
kind: FunctionConfig
metadata: {name: mine}
spec:
  image: mine
  binaryExecutor: {tags: [v1], path: mine}
"""
_MINE = "ghcr.io/kptdev/krm-functions-catalog/mine:v1"
Start = Callable[..., tuple[subprocess.Popen[bytes], RemoteRuntime]]


def refused(*arguments: str) -> str:
    """What it says on standard error. In a process of its own, because a command sets up its process's log."""
    command = [sys.executable, "-m", "porch", "function-runner", "--port", "0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    return done.stderr


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a command that says where it serves, and a client of it."""
    with ExitStack() as stack:

        def started(*arguments: str) -> tuple[subprocess.Popen[bytes], RemoteRuntime]:
            process = stack.enter_context(
                subprocess.Popen([sys.executable, "-m", "porch", *arguments], stdout=subprocess.PIPE)
            )
            stack.callback(process.kill)
            assert process.stdout is not None
            port = Lines(process.stdout).next(60).rpartition(":")[2]
            client = RemoteRuntime(f"127.0.0.1:{port}", seconds=30, message_bytes=1_000_000)
            stack.callback(client.close)
            return process, client

        yield started


def _owner(client: RemoteRuntime, image: str) -> str:
    outcome = client.evaluate(FunctionCall(image, [config_map()]))
    assert outcome.exit_code == 0, outcome.error
    return text_of(outcome.items[0], "data", "owner")


def test_a_runner_serves_executables_and_ends_when_told(start: Start, tmp_path: Path) -> None:
    write(tmp_path, _RENAME)
    (tmp_path / "f.yaml").write_text(_CONFIG)
    options = ("--functions", str(tmp_path), "--function-configs", str(tmp_path))
    process, client = start("function-runner", "--port", "0", *options)
    assert _owner(client, _MINE) == "team-b"
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def test_a_runner_serves_pods_of_its_cluster(start: Start, tmp_path: Path) -> None:
    store = open_store(tmp_path / "cluster.db")
    with Cluster(store) as cluster, Kubelet(cluster) as kubelet, Registry(tmp_path) as registry:
        registry.push("fn/f", "v1", [str(write(tmp_path, _RENAME))])
        kubeconfig = tmp_path / "kubeconfig"
        cluster.write_kubeconfig(kubeconfig)
        options = ("--kubeconfig", str(kubeconfig), "--pod-namespace", NAMESPACE_NAME, "--pod-address", "ip")
        _, client = start("function-runner", "--port", "0", "--wrapper-server-image", "wrapper:v1", *options)
        assert _owner(client, f"{registry.host}/fn/f:v1") == "team-b"
        assert len(kubelet.names) == 1
    store.close()


def test_a_wrapper_serves_one_program_whatever_is_asked_for(start: Start, tmp_path: Path) -> None:
    program = write(tmp_path, _RENAME)
    process, client = start("function-wrapper", "--port", "0", "--bind", "127.0.0.1", "--", str(program))
    assert _owner(client, "a/b:v1") == _owner(client, "c/d:v2") == "team-b"
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (
            "print('a: [')\nimport sys\nsys.exit('because')",
            'failed to parse the output of function "a/b:v1" with stderr',
        ),
        ("import sys\nsys.exit('because')", 'Failed to execute function "a/b:v1": exit status 1 (because\n)'),
    ],
)
def test_a_wrapper_tells_failures_as_upstreams_does(start: Start, tmp_path: Path, code: str, told: str) -> None:
    program = write(tmp_path, code)
    _, client = start("function-wrapper", "--port", "0", "--bind", "127.0.0.1", "--", str(program))
    outcome = client.evaluate(FunctionCall("a/b:v1", [config_map()]))
    assert f"code = Internal desc = {told}" in outcome.error


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--disable-runtimes", "wasm"), "there is no 'wasm'; known are builtin, exec, pod"),
        (("--pod-ttl", "soon"), "'soon' is no duration like 30m"),
        (("--function-configs", "/no/such"), "cannot read FunctionConfigs from /no/such"),
        (("--kubeconfig", "/no/such"), "cannot read the kubeconfig /no/such"),
        (("--bind", "no such host"), "cannot listen on no such host:0; choose another --port"),
    ],
)
def test_wrong_options_are_told(arguments: tuple[str, ...], told: str) -> None:
    assert told in refused(*arguments)


def test_pods_need_the_wrappers_image(tmp_path: Path) -> None:
    store = open_store(tmp_path / "cluster.db")
    with Cluster(store) as cluster:
        kubeconfig = tmp_path / "kubeconfig"
        cluster.write_kubeconfig(kubeconfig)
        told = refused("--kubeconfig", str(kubeconfig))
        assert "environment variable WRAPPER_SERVER_IMAGE must be set" in told
    store.close()

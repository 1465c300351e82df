"""`porch function-runner`: functions for servers, over gRPC. Its options are named as those of upstream's runner."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from porch.cli.stopping import until_stopped
from porch.errors import BadRequest
from porch.strategy.durations import duration_seconds

if TYPE_CHECKING:
    from porch.function.catalog import Catalog
    from porch.function.options import FunctionOptions
    from porch.kube import Client
    from porch.runner.configs import Configs
    from porch.runner.pods import PodEvaluator

_RUNTIMES = ("builtin", "exec", "pod")
_LEVELS = ("error", "warning", "info", "debug")
_GRACE = 5


class _Duration(click.ParamType[float]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = duration_seconds(value) if isinstance(value, str) else value
        if seconds is None or seconds < 0:
            self.fail(f"{value!r} is no duration like 30m", param, ctx)
        return float(seconds)


@click.command()
@click.option("--port", default=9445, type=click.IntRange(0, 65535), help="TCP port; 0 takes any free one.")
@click.option("--bind", default="127.0.0.1", help="Address to listen on. The protocol is plaintext.")
@click.option("--disable-runtimes", default="", help=f"Some of {','.join(_RUNTIMES)}.")
@click.option("--functions", default="", help="Directory of the executables that FunctionConfigs name.")
@click.option("--function-configs", default="", help="File or directory of FunctionConfigs.")
@click.option("--kubeconfig", default="", help="Cluster with more FunctionConfigs, and for pods.")
@click.option("--default-image-prefix", default="ghcr.io/kptdev/krm-functions-catalog/", help="For short image names.")
@click.option("--function-allow", multiple=True, help="Images that may run, like ghcr.io/kptdev/*; any when not given.")
@click.option("--function-digests", is_flag=True, help="Refuse images without a digest that are not built in.")
@click.option("--max-request-body-size", default=6 * 1024 * 1024, type=click.IntRange(1024), help="Bytes of a message.")
@click.option("--workers", default=2, type=click.IntRange(1, 64), help="Functions that run at one time, besides pods.")
@click.option("--timeout", default="5m", type=_Duration(), help="Time for a call that sets no deadline.")
@click.option("--memory", default=1024, type=click.IntRange(64), help="Megabytes that one worker may have.")
@click.option("--pod-namespace", default="porch-fn-system", help="Namespace of pods and of FunctionConfigs.")
@click.option("--pod-ttl", default="30m", type=_Duration(), help="How long an idle pod is kept.")
@click.option(
    "--scan-interval", default="1m", type=_Duration(), help="Time between looks for idle pods and new FunctionConfigs."
)
@click.option("--max-waitlist-length", default=2, help="Calls that wait for a pod before another is started.")
@click.option("--pod-address", default="service", type=click.Choice(["service", "ip"]), help="Where pods are called.")
@click.option("--max-parallel-pods-per-function", default=1, help="Most pods of one image.")
@click.option(
    "--warm-up-pod-cache/--no-warm-up-pod-cache", default=True, help="Start a pod of each known image at once."
)
@click.option(
    "--wrapper-server-image", envvar="WRAPPER_SERVER_IMAGE", default="", help="Image with the wrapper for pods."
)
@click.option("--registry-auth-secret-path", default="", help="A .dockerconfigjson for private registries.")
@click.option("--registry-auth-secret-name", default="auth-secret", help="Secret that pods pull images with.")
@click.option(
    "--log-level", default=2, type=click.IntRange(0, 10), help="From 0, errors only, to 3 and more, everything."
)
def command(**given: Any) -> None:
    r"""Evaluate functions for servers, over gRPC. Ctrl-C or SIGTERM ends it.

    Without a kubeconfig there are no pods: it runs what is built in, and executables.

    \b
    Example:
      porch function-runner --port 9445 --functions ./functions --function-configs ./configs
    """
    from porch.observe.logs import configure

    configure(_LEVELS[min(given["log_level"], 3)])
    with ExitStack() as stack:
        _serve(given, stack)
        until_stopped()


def _serve(given: dict[str, Any], stack: ExitStack) -> None:
    from porch.function.catalog import Catalog
    from porch.runner.server import Server
    from porch.runner.service import Evaluation
    from porch.workers import WorkerPool

    disabled = _disabled(given["disable_runtimes"])
    client = _client(given["kubeconfig"], stack)
    configs = _configs(given, client, stack)
    pool = WorkerPool(given["workers"], given["timeout"], memory=given["memory"] * 1024 * 1024)
    stack.callback(pool.close)
    base = _options(given, disabled)
    pods = None
    if client is not None and "pod" not in disabled:
        pods = _pods(given, client, lambda: Catalog(configs.specs, base.prefix), stack)
    evaluation = Evaluation(lambda: replace(base, configs=configs.specs), pool, pods, seconds=given["timeout"])
    address = f"{given['bind']}:{given['port']}"
    server = Server(evaluation, address, calls=4 * given["workers"], message_bytes=given["max_request_body_size"])
    server.start()
    stack.callback(server.stop, _GRACE)
    click.echo(f"the function runner is ready on {given['bind']}:{server.port}")


def _disabled(listed: str) -> set[str]:
    disabled = {name.strip() for name in listed.split(",") if name.strip()}
    if unknown := disabled - set(_RUNTIMES):
        raise BadRequest(f"--disable-runtimes: there is no {min(unknown)!r}; known are {', '.join(_RUNTIMES)}")
    return disabled


def _client(kubeconfig: str, stack: ExitStack) -> Client | None:
    if not kubeconfig:
        return None
    from porch.kube import Client, load

    client = Client(load(Path(kubeconfig).expanduser()))
    stack.callback(client.close)
    return client


def _configs(given: dict[str, Any], client: Client | None, stack: ExitStack) -> Configs:
    from porch.runner.configs import Configs, keep_fresh, read_configs

    files = read_configs(Path(given["function_configs"])) if given["function_configs"] else []
    configs = Configs(files, client, given["pod_namespace"])
    configs.refresh()
    stopping = threading.Event()
    refreshing = threading.Thread(target=keep_fresh, args=(configs, given["scan_interval"], stopping), daemon=True)
    refreshing.start()
    stack.callback(stopping.set)
    return configs


def _options(given: dict[str, Any], disabled: set[str]) -> FunctionOptions:
    from porch.function.options import FunctionOptions

    return FunctionOptions(
        prefix=given["default_image_prefix"],
        runtimes=tuple(name for name in ("builtin", "exec") if name not in disabled),
        allow=given["function_allow"],
        digests=given["function_digests"],
        directory=given["functions"],
        seconds=given["timeout"],
        memory=given["memory"] * 1024 * 1024,
        message_bytes=given["max_request_body_size"],
        output_bytes=given["max_request_body_size"],
    )


def _pods(given: dict[str, Any], client: Client, catalog: Callable[[], Catalog], stack: ExitStack) -> PodEvaluator:
    from porch.runner.pods import PodEvaluator, PodSettings

    if not given["wrapper_server_image"]:
        raise BadRequest(
            "environment variable WRAPPER_SERVER_IMAGE must be set to use pod function evaluator runtime; "
            "or turn it off: --disable-runtimes pod"
        )
    settings = PodSettings(
        namespace=given["pod_namespace"],
        wrapper_image=given["wrapper_server_image"],
        ttl=given["pod_ttl"],
        scan_interval=given["scan_interval"],
        max_waitlist=max(given["max_waitlist_length"], 0) or 2,
        max_pods=max(given["max_parallel_pods_per_function"], 1),
        message_bytes=given["max_request_body_size"],
        warm_up=given["warm_up_pod_cache"],
        by_ip=given["pod_address"] == "ip",
        registry_auth=_read(given["registry_auth_secret_path"]),
        pull_secret=given["registry_auth_secret_name"],
    )
    pods = PodEvaluator(client, settings, catalog)
    stack.callback(pods.close)
    stopping = threading.Event()
    stack.callback(stopping.set)
    pods.open(stopping)
    return pods


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"--registry-auth-secret-path: cannot read {path}: {error}") from error

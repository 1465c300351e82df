"""Which functions a local command has: what is built in, and what the options add. Nothing is fetched.

--allow-exec        programs that a Kptfile names with `exec`
--function-configs  FunctionConfigs, with --function-dir for the executables that they name
--container         a command like docker or podman, for images that are not built in
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def function_options(command: Command) -> Command:
    """Adds the options that `open_local` takes."""
    for option in (
        click.option("--container", default="", help="Command that runs other images, like docker or podman."),
        click.option("--function-dir", default="", help="Directory of the executables that FunctionConfigs name."),
        click.option("--function-configs", default="", help="File or directory of FunctionConfigs."),
        click.option("--image-prefix", default="ghcr.io/kptdev/krm-functions-catalog/", help="For short image names."),
    ):
        command = option(command)
    return command


def output_options(command: Command) -> Command:
    """Adds the options that `local.finish` takes."""
    for option in (
        click.option("--exit-code", is_flag=True, help="End with 2 when something changed, or would."),
        click.option("--diff", is_flag=True, help="Print what changes as a unified diff."),
        click.option("--dry-run", is_flag=True, help="Print that diff and change no file."),
    ):
        command = option(command)
    return command


class LocalFunctions:
    """All functions of this command. Programs are called by images like `exec:./run.sh`, relative to the directory."""

    def __init__(self, directory: Path, options: Any) -> None:
        from porch.function.chain import open_functions

        self._directory = directory
        self._functions = open_functions(options)

    def resolve(self, image: str, tag: str = "") -> str:
        return self._functions.resolve(image, tag)

    def digest(self, image: str) -> str:
        return "" if image.startswith("exec:") else self._functions.digest(image)

    def evaluate(self, call: Any) -> Any:
        if not call.image.startswith("exec:"):
            return self._functions.evaluate(call)
        return self._run(call)

    def _run(self, call: Any) -> Any:
        from porch.errors import ServiceUnavailable
        from porch.function.interface import ResourceList
        from porch.function.resourcelist import write_resource_list
        from porch.function.runtimes.executable import program_outcome
        from porch.function.runtimes.program import Limits, run_program

        words = shlex.split(call.image.removeprefix("exec:"))
        if words and "/" in words[0]:
            words[0] = str((self._directory / words[0]).absolute())
        try:
            finished = run_program(words, write_resource_list(ResourceList(call.items, call.config)), Limits(300.0))
        except (OSError, IndexError) as error:
            raise ServiceUnavailable(f"cannot run {' '.join(words) or 'nothing'}: {error}") from error
        return program_outcome(call.image, finished, "")


def local_options(image_prefix: str, function_configs: str, function_dir: str, container: str) -> Any:
    """FunctionOptions."""
    from porch.function.options import FunctionOptions
    from porch.runner.configs import read_configs

    configs = tuple(config.spec for config in read_configs(Path(function_configs))) if function_configs else ()
    runtimes = ("builtin", "exec", *(("container",) if container else ()))
    return FunctionOptions(
        configs=configs, prefix=image_prefix, runtimes=runtimes, directory=function_dir, container=container
    )

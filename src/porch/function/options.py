"""Everything that decides how functions are run, as one plain value: it goes to worker processes with each render."""

from __future__ import annotations

from dataclasses import dataclass

from porch.function.images import DEFAULT_PREFIX
from porch.settings import Settings
from porch.types.functionconfig import FunctionConfigSpec

RUNTIMES = ("builtin", "exec", "grpc", "container", "pod")
"""Every runtime there is, in the order in which they are asked. Pods are only run by a function runner."""
DEFAULT_RUNTIMES = ("builtin", "exec", "grpc")
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class FunctionOptions:
    """The defaults run what is built in and nothing else."""

    configs: tuple[FunctionConfigSpec, ...] = ()
    prefix: str = DEFAULT_PREFIX
    runtimes: tuple[str, ...] = DEFAULT_RUNTIMES
    """Asked in this order. One that lacks what it needs (a directory, an address, a command) is left out."""
    allow: tuple[str, ...] = ()
    digests: bool = False
    compatible: bool = True
    """Whether native functions write what their Go versions write even where that is a mistake."""
    directory: str = ""
    """Where executables lie."""
    runner: str = ""
    """host:port of a function runner."""
    container: str = ""
    """The command that runs containers; the first of docker, podman and nerdctl that there is when empty."""
    seconds: float = 60.0
    """For one call outside of this process."""
    memory: int = 512 * _MB
    """Bytes for one program or container; 0 for any number."""
    message_bytes: int = 6 * _MB
    """Largest message to or from a function runner."""
    output_bytes: int = 64 * _MB
    """Largest output of a program."""


def options_of(settings: Settings, configs: tuple[FunctionConfigSpec, ...] = ()) -> FunctionOptions:
    """What the server's settings say."""
    return FunctionOptions(
        configs=configs,
        prefix=settings.function_prefix,
        runtimes=settings.function_runtimes or DEFAULT_RUNTIMES,
        allow=settings.function_allow,
        digests=settings.function_digests,
        compatible=settings.function_compatible,
        directory=settings.function_dir,
        runner=settings.function_runner,
        container=settings.function_container,
        seconds=settings.function_timeout,
        memory=settings.function_memory_bytes,
        message_bytes=settings.function_message_bytes,
    )

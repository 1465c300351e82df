"""`porch up`: the standalone server in the foreground."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from porch.cli.datadir import locked
from porch.cli.options import settings_options
from porch.cli.process import settle, tune
from porch.settings import Settings

_SHORT_WORK = 8
"""Threads for what must not hold the event loop and belongs to no other pool, like compression."""


@click.command()
@settings_options()
def command(settings: Settings) -> None:
    r"""Start a server: one process, one data directory, no cluster. Ctrl-C or SIGTERM ends it.

    \b
    Example:
      porch up --data-dir ./porch-data --port 0
    """
    import uvloop

    from porch.observe.logs import configure

    tune()
    configure(settings.log_level, settings.log_file)
    with locked(settings.data_dir), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))
    # What still runs past the grace is left to its intent; waiting for its thread would be waiting for a remote.
    sys.stdout.flush()
    os._exit(0)


async def _serve(settings: Settings) -> None:
    from porch.cli.standalone import build
    from porch.workers import Threads

    with ExitStack() as stack:
        server = build(settings, stack)
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Threads(_SHORT_WORK, "porch"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stopping.set)
        await server.run(lambda: _announce(server.url, settings.data_dir / "kubeconfig"))


def _announce(url: str, kubeconfig: Path) -> None:
    settle()
    click.echo(f"porch is ready on {url}; in your shell: export KUBECONFIG={kubeconfig}")

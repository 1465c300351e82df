"""`porch function-wrapper`: one program as a function, over gRPC."""

from __future__ import annotations

import click

from porch.cli.stopping import until_stopped

_CALLS = 8


@click.command()
@click.option("--port", default=9446, type=click.IntRange(0, 65535), help="TCP port; 0 takes any free one.")
@click.option("--bind", default="[::]", help="Address to listen on.")
@click.option("--max-request-body-size", default=6 * 1024 * 1024, type=click.IntRange(1024), help="Bytes of a message.")
@click.option("--timeout", default=600.0, type=click.FloatRange(0.1), help="Seconds for a call that sets no deadline.")
@click.option("--verbosity", hidden=True, expose_value=False, help="Upstream's; ignored.")
@click.argument("entrypoint", nargs=-1, required=True)
def command(port: int, bind: str, max_request_body_size: int, timeout: float, entrypoint: tuple[str, ...]) -> None:
    r"""Evaluate one program as a function, over gRPC: what runs in a function's pod.

    \b
    Example:
      porch function-wrapper --port 9446 -- /usr/local/bin/function
    """
    from porch.function.runtimes.program import Limits
    from porch.runner.server import Server
    from porch.runner.wrapper import Wrapped

    wrapped = Wrapped(entrypoint, Limits(timeout, stdout=max_request_body_size))
    server = Server(wrapped, f"{bind}:{port}", calls=_CALLS, message_bytes=max_request_body_size)
    server.start()
    click.echo(f"serving on {bind}:{server.port}")
    until_stopped()
    server.stop(grace=5)

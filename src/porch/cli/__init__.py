"""The `porch` command: one file a command, each imported only when it is run."""

from __future__ import annotations

import importlib
import sys

import click

from porch.errors import PorchError

_COMMANDS = {
    "up": "Start a server: one process, one data directory, no cluster.",
    "apply": "Create or update objects from files, as the sample request flow does.",
    "render": "Run the functions of a local package's Kptfile, as the server does.",
    "fn": "Run one function over a local directory.",
    "demo": "Show the sample request flow on a server of its own.",
    "backup": "Write everything that a server keeps to one file, while it serves.",
    "restore": "Make a data directory from a backup.",
    "function-runner": "Evaluate functions for servers, over gRPC.",
    "function-wrapper": "Evaluate one program as a function, over gRPC: what runs in a function's pod.",
    "index": "Look after the index that is derived from git, and the database it is in.",
}


class _Commands(click.Group):
    """Commands are modules of this package; --help needs their one-line descriptions only."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"porch.cli.{cmd_name.replace('-', '_')}").command
        _keep_examples(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _keep_examples(command: click.Command) -> None:
    r"""A paragraph that begins with \b is not wrapped. In a raw docstring that is two characters, click wants one."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _keep_examples(below)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="porch")
def porch() -> None:
    """Package orchestration behind a Kubernetes API: kpt packages in git, worked on with kubectl."""


def main() -> None:
    """Errors of ours are one line on standard error and exit code 1; never a traceback."""
    try:
        porch()
    except PorchError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(1)

"""Every command and option of `porch` explains itself."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from porch.cli import porch


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from _commands(found, (*path, name))


@pytest.mark.parametrize(
    ("path", "command"), list(_commands(porch)), ids=lambda item: " ".join(item) if isinstance(item, tuple) else ""
)
def test_help(path: tuple[str, ...], command: click.Command) -> None:
    done = CliRunner().invoke(porch, [*path, "--help"])
    assert done.exit_code == 0
    assert command.help
    assert "\\b" not in done.output, "the mark of an example was shown"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"porch {' '.join(path)} {parameter.opts[0]}"

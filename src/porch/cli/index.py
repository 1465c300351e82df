"""`porch index`: the index is derived from git, so it may be dropped; the next start makes it again."""

from __future__ import annotations

import click

from porch.cli.datadir import locked
from porch.cli.options import settings_options
from porch.settings import Settings


@click.group()
def command() -> None:
    """Look after the index that is derived from git."""


@command.command()
@settings_options("data_dir")
def drop(settings: Settings) -> None:
    """Forget everything that is derived from git. The server must be stopped; its next start reads git again.

    Nothing that a user sees is lost: labels, annotations, finalizers and owners of package revisions are kept apart.
    """
    from porch.store.sqlite import open_store

    with locked(settings.data_dir):
        store = open_store(settings.data_dir / "porch.db")
        try:
            store.drop_index()
        finally:
            store.close()
    click.echo(f"the index in {settings.data_dir} is dropped; the next start makes it again")

"""`porch restore`: a data directory from a backup, whole or not at all.

Everything is unpacked and checked beside the new directory, which then appears under its name in one step. The
sequence jumps, so that no resourceVersion that was lost comes again, and the index is dropped: the next start reads
git.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from porch.cli.archive import unpack
from porch.cli.backup import DATABASE
from porch.cli.options import settings_options
from porch.errors import BadRequest, ServiceUnavailable
from porch.observe.faults import reach
from porch.settings import Settings


@click.command()
@settings_options("data_dir")
@click.argument("source", type=click.Path(path_type=Path))
def command(settings: Settings, source: Path) -> None:
    r"""Make the data directory of a new server from the backup SOURCE. The directory must be empty or not exist.

    Clients keep their kubeconfig and tokens, if the server gets its old address. They read everything anew.

    \b
    Example:
      porch restore /backup/porch-monday.tar --data-dir ./porch-data
    """
    created = restore(source.expanduser().absolute(), settings.data_dir)
    click.echo(f"{settings.data_dir} is as it was on {created}; start it with: porch up --data-dir {settings.data_dir}")


def restore(source: Path, data: Path) -> str:
    """Returns when the backup was taken. Raises BadRequest, ServiceUnavailable."""
    if not source.is_file():
        raise BadRequest(f"there is no backup {source}")
    os.umask(0o077)
    try:
        if data.exists() and (not data.is_dir() or any(data.iterdir())):
            raise BadRequest(f"{data} is not empty; restore to a new --data-dir, or move this one away")
        data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{data.name}-", dir=data.parent) as scratch:
            fresh = Path(scratch, "data")
            fresh.mkdir(mode=0o700)
            created = unpack(source, fresh).created
            _prepare(fresh)
            reach("restore-unpacked")
            fresh.rename(data)
    except OSError as error:
        raise ServiceUnavailable(f"cannot restore to {data}: {error.strerror or error}") from error
    return created


def _prepare(directory: Path) -> None:
    from porch.repository.git import complete, sync_to_disk
    from porch.store.sqlite import check_database, open_store

    if not (directory / DATABASE).is_file():
        raise BadRequest("there is no database in this backup")
    check_database(directory / DATABASE)
    store = open_store(directory / DATABASE)
    try:
        store.drop_index()
        store.jump()
    finally:
        store.close()
    for repository in (directory / "git" / "hosted").glob("*/*.git"):
        complete(repository)
    sync_to_disk(str(directory))

"""`porch index`: the index is derived from git, so it may be dropped; the next start makes it again.

What is kept in the same file and not derived from git, the state, is salvaged from a damaged one by `rebuild`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from porch.cli.datadir import locked
from porch.cli.options import settings_options
from porch.errors import BadRequest, ServiceUnavailable
from porch.settings import Settings

_MOST_TOLD = 50


@click.group()
def command() -> None:
    """Look after the index that is derived from git, and the database it is in."""


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


@command.command()
@settings_options("data_dir")
def rebuild(settings: Settings) -> None:
    """Make a new database of a damaged one. The server must be stopped; its next start reads git again.

    Repositories, secrets, other objects, and what users put on package revisions are carried over as far as they can be
    read; what cannot is told. The damaged file is kept beside the new one.
    """
    from porch.store.sqlite import salvage

    path = settings.data_dir / "porch.db"
    if not path.is_file():
        raise BadRequest(f"there is no database in {settings.data_dir}; set --data-dir")
    with locked(settings.data_dir):
        fresh = path.with_name("porch.db.new")
        _remove(fresh)
        salvaged = salvage(path, fresh)
        kept = _exchange(path, fresh)
    click.echo(", ".join(f"{table}: {count} rows" for table, count in salvaged.kept.items()))
    for lost in salvaged.lost[:_MOST_TOLD]:
        click.echo(f"lost: {lost}")
    if len(salvaged.lost) > _MOST_TOLD:
        click.echo(f"lost: {len(salvaged.lost) - _MOST_TOLD} more")
    click.echo(f"the database in {settings.data_dir} is rebuilt; the damaged one is {kept}")


def _remove(database: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)


def _exchange(path: Path, fresh: Path) -> Path:
    """The new database takes the place of the old in one step; the old one's log goes first, or it would be read as
    the new one's.
    """
    kept = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    try:
        kept.hardlink_to(path)
        for ending in ("-wal", "-shm"):
            log = path.with_name(path.name + ending)
            if log.exists():
                log.rename(kept.with_name(kept.name + ending))
        fresh.replace(path)
    except OSError as error:
        raise ServiceUnavailable(f"cannot put the new database in the place of {path}: {error.strerror}") from error
    return kept

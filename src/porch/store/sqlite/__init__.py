"""The SQLite adapter of the Store port: one file, one writer thread, readers that never wait for it."""

from porch.store.sqlite.backup import check_database, copy_database, snapshot
from porch.store.sqlite.salvage import Salvaged, salvage
from porch.store.sqlite.store import open_store

__all__ = ["Salvaged", "check_database", "copy_database", "open_store", "salvage", "snapshot"]

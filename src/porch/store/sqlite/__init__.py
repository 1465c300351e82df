"""The SQLite adapter of the Store port: one file, one writer thread, readers that never wait for it."""

from porch.store.sqlite.store import open_store

__all__ = ["open_store"]

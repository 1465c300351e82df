"""The PostgreSQL adapter of the Store port: one database, a writer for each process, and a follower of the log."""

from porch.store.postgres.store import open_store

__all__ = ["open_store"]

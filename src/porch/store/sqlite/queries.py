"""The adapter's statements by name."""

from __future__ import annotations

from porch.store.sql import load, text

PACKAGE = "porch.store.sqlite"
SCHEMA = text(PACKAGE, "schema.sql")
QUERIES = load(PACKAGE, "queries.sql")

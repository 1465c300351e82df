"""The adapter's statements by name. As bytes: the driver takes text only when it is literal in the code."""

from __future__ import annotations

from porch.store.sql import load, text

PACKAGE = "porch.store.postgres"
SCHEMA = text(PACKAGE, "schema.sql").encode()
QUERIES = {name: statement.encode() for name, statement in load(PACKAGE, "queries.sql").items()}

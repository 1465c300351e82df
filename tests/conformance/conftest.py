"""One server for the whole checklist, with a namespace for each row."""

from __future__ import annotations

from tests.wire.conftest import client, empty, server, space

__all__ = ["client", "empty", "server", "space"]

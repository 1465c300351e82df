"""One real server for each worker of the test run, and in it a namespace for each test, as for tests/wire."""

from __future__ import annotations

from tests.wire.conftest import client, empty, server, space

__all__ = ["client", "empty", "server", "space"]

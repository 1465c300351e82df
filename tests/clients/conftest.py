"""One real server for each worker of the test run, and in it a namespace for each test, as for tests/wire."""

from __future__ import annotations

import pytest

from tests.clients.program import BETWEEN, NEWEST, OLDEST, Program
from tests.support.kubectl import installed
from tests.wire.conftest import client, empty, server, space
from tests.wire.space import Space

__all__ = ["client", "empty", "kubectl", "server", "space"]


@pytest.fixture(params=[OLDEST, BETWEEN, NEWEST])
def kubectl(request: pytest.FixtureRequest, empty: Space) -> Program:
    """Each of three minor versions, in a new namespace."""
    return Program(installed(request.param), empty)

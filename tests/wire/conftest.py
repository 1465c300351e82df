"""One real server for each worker of the test run, and in it a namespace for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.support.server import CORE, Client, Server
from tests.wire.space import Space

_numbers = count(1)


@pytest.fixture(scope="session")
def server(surrounding: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("porch") / "data") as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """The administrator without kubectl."""
    with server.client() as connected:
        yield connected


@pytest.fixture
def empty(server: Server, client: Client) -> Space:
    """A new namespace with nothing in it."""
    name = f"space-{next(_numbers)}"
    assert client.send("POST", f"{CORE}/namespaces", {"metadata": {"name": name}}).status == 201
    return Space(server, name, client)


@pytest.fixture
def space(empty: Space) -> Space:
    """A new namespace with the hosted repository `blueprints`, ready and without packages."""
    empty.register()
    return empty

"""A client that has left its websocket is noticed as one that has gone, not as a fault."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from porch.apiserver.request import Disconnected
from porch.apiserver.websocket import as_http

START = {"type": "http.response.start", "status": 200, "headers": []}
LINE = {"type": "http.response.body", "body": b"{}\n", "more_body": True}
END = {"type": "http.response.body", "body": b"", "more_body": False}


async def nothing() -> MutableMapping[str, Any]:
    return {"type": "websocket.connect"}


@pytest.mark.parametrize("message", [LINE, END])
@pytest.mark.parametrize("error", [BrokenPipeError, RuntimeError])
def test_sending_to_it_is_a_disconnect(message: MutableMapping[str, Any], error: type[Exception]) -> None:
    async def gone(told: MutableMapping[str, Any]) -> None:
        # An OSError as the ASGI specification has it; another from uvicorn when the client left before it was accepted.
        if told["type"] != "websocket.accept":
            raise error

    _, _, send = as_http({"type": "websocket", "headers": []}, nothing, gone)

    async def talk() -> None:
        await send(START)
        with pytest.raises(Disconnected):
            await send(message)

    asyncio.run(talk())

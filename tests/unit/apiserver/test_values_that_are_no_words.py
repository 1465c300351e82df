"""A list or an object where a word belongs is the client's mistake, said as a BadRequest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from porch.apiserver import patch
from porch.apiserver.options import delete_options
from porch.apiserver.request import Request
from porch.errors import BadRequest
from porch.types import ALL_KINDS

SECRET = next(kind for kind in ALL_KINDS if kind.name == "Secret")
NO_WORDS: list[Any] = [[], {}, ["merge"], {"kind": "DeleteOptions"}]


async def nothing() -> Any:
    raise AssertionError("the body is given")


@pytest.mark.parametrize("value", NO_WORDS)
@pytest.mark.parametrize("where", ["object", "item"])
def test_a_patch_directive_that_is_no_word(value: Any, where: str) -> None:
    directed = {"$patch": value}
    owners = {"metadata": {"ownerReferences": [{**directed, "uid": "1"}]}}
    changes = directed if where == "object" else owners
    change = patch.parse(patch.STRATEGIC_PATCH, json.dumps(changes).encode(), SECRET)
    with pytest.raises(BadRequest, match="directive"):
        change({"metadata": {"ownerReferences": [{"uid": "1"}]}})


@pytest.mark.parametrize("value", NO_WORDS)
def test_delete_options_whose_kind_is_no_word(value: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    request = Request({"method": "DELETE", "path": "/", "query_string": b"", "headers": headers}, nothing)
    with pytest.raises(BadRequest):
        delete_options(request, json.dumps({"kind": value}).encode())

"""Base64 of any size: what is accepted, and that pieces make no difference."""

from __future__ import annotations

import base64
import random

import pytest

from porch.strategy.base64text import decoded, is_base64

PIECE = 512 * 1024


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100, PIECE // 4 * 3 - 1, PIECE // 4 * 3, PIECE // 4 * 3 + 1, 2_000_000])
def test_what_was_encoded_is_decoded(size: int) -> None:
    data = random.Random(size).randbytes(size)
    text = base64.b64encode(data).decode()
    assert is_base64(text)
    assert decoded(text) == data


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAA",
        "AA==AA==",
        "AAA\n",
        " AAAA",
        "AA-_",
        "\u00e4AAA",
        "=",
        "====",
        "A" * (PIECE - 1) + "=AAAA",
        "A" * (PIECE - 2) + "==AAAA",
    ],
)
def test_what_is_no_base64_is_refused(text: str) -> None:
    assert not is_base64(text)
    with pytest.raises(ValueError, match=r"base64|adding|ASCII|data"):
        decoded(text)

"""Saves, renders, approvals, pushes and deaths at once, drawn from seeds: nothing is published that was not rendered.

`make interleavings-rendering` runs 10 000 of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interleavings.lanes import on_one_server


@pytest.mark.parametrize("seed", [1, 1001])
def test_only_what_was_rendered_is_published(tmp_path: Path, seed: int) -> None:
    codes = on_one_server(tmp_path, range(seed, seed + 12), kills=0.1)
    assert codes["interleaving done"] == 12
    assert codes["tag checked"] > 0

"""The first triples of the long run (`make merge`)."""

from __future__ import annotations

import pytest

from tests.merge.run import chunk


@pytest.mark.parametrize("first", [0, 100, 200])
def test_no_merge_loses_an_edit_silently(first: int) -> None:
    notes = chunk(1, first)
    assert not notes.violations
    assert notes.with_conflicts > 20

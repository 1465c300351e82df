"""docs/conformance.md and the tests beside this one say the same."""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
_ROWS = 53


def _table() -> list[tuple[int, str, str]]:
    """Row, test and note of each line."""
    text = (_HERE.parents[1] / "docs" / "conformance.md").read_text()
    found = re.findall(r"^\| (\d+) \| [^|]+ \| (?:`(test_row_\w+)`|later) \| (.*?) ?\|$", text, re.MULTILINE)
    return [(int(row), test, note) for row, test, note in found]


def _tests() -> list[str]:
    return [
        name
        for path in sorted(_HERE.glob("test_*.py"))
        for name in re.findall(r"^def (test_row_\w+)\(", path.read_text(), re.MULTILINE)
    ]


def test_every_row_is_in_the_table_once() -> None:
    assert [row for row, _, _ in _table()] == list(range(1, _ROWS + 1))


def test_the_table_names_every_test_and_no_other() -> None:
    named = {row: test for row, test, _ in _table() if test}
    assert sorted(named.values()) == sorted(_tests())
    assert all(test.startswith(f"test_row_{row}_") for row, test in named.items())


def test_a_row_without_a_test_says_why() -> None:
    assert [row for row, test, note in _table() if not test and not note] == []

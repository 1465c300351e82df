"""Named queries: how a .sql file is read."""

from __future__ import annotations

import pytest

from porch.store.sql import parse


def test_a_query_is_its_statement_under_its_name() -> None:
    source = (
        "-- What this file is.\n\n-- name: one\n-- The first.\nSELECT 1\nFROM a;\n\n-- name: two\n-- Next.\nSELECT 2;\n"
    )
    assert parse(source) == {"one": "SELECT 1\nFROM a", "two": "SELECT 2"}


@pytest.mark.parametrize("block", ["SELECT 1;", "-- Only words.", "", "--\nSELECT 1;"])
def test_a_query_needs_a_line_of_description_and_a_statement(block: str) -> None:
    with pytest.raises(ValueError, match="query one must be one line of description and a statement"):
        parse(f"-- name: one\n{block}\n")


def test_a_name_is_used_once() -> None:
    with pytest.raises(ValueError, match="query one is there twice"):
        parse("-- name: one\n-- A.\nSELECT 1;\n-- name: one\n-- B.\nSELECT 2;\n")


def test_queries_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        parse("-- name: one\n-- A.\nSELECT 1;\n")["one"] = ""  # type: ignore[index]

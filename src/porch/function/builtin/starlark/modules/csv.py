"""encoding/csv.star: rows of text to lists and back."""

from __future__ import annotations

import csv
import io

from porch.function.builtin.starlark.arguments import anything, flag, integer, named, text
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.numbers import go_float
from porch.function.builtin.starlark.values import Anything, Arguments, Builtin, Keywords, Module, printed, type_name


def _one_character(name: str, value: str, default: str) -> str:
    if value and len(value) != 1:
        raise StarlarkError(f"expected {name} param to be a single-character string")
    return value or default


def _read_all(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named(
        "read_all",
        arguments,
        keywords,
        source=text,
        comma_=text,
        comment_=text,
        lazy_quotes_=flag,
        trim_leading_space_=flag,
        fields_per_record_=integer,
        skip_=integer,
    )
    comma = _one_character("comma", given.get("comma", ""), ",")
    comment = _one_character("comment", given.get("comment", ""), "")
    source = given["source"].replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in source.splitlines(keepends=True) if line.strip("\n")]
    if comment:
        lines = [line for line in lines if not line.startswith(comment)]
    try:
        rows = list(
            csv.reader(
                lines,
                delimiter=comma,
                strict=not given.get("lazy_quotes", False),
                skipinitialspace=given.get("trim_leading_space", False),
            )
        )
    except csv.Error as error:
        raise StarlarkError(f"parse error: {error}") from None
    rows = rows[given.get("skip", 0) :]
    _check_width(rows, given.get("fields_per_record", 0))
    return rows


def _check_width(rows: list[list[str]], wanted: int) -> None:
    width = wanted or (len(rows[0]) if rows else 0)
    for at, row in enumerate(rows, 1):
        if wanted >= 0 and len(row) != width:
            raise StarlarkError(f"record on line {at}: wrong number of fields")


def _write_all(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named("write_all", arguments, keywords, source=anything, comma_=text)
    source = given["source"]
    if type(source) not in {list, tuple}:
        raise StarlarkError("expected value to be an array type")
    out = io.StringIO()
    writer = csv.writer(out, delimiter=_one_character("comma", given.get("comma", ""), ","), lineterminator="\n")
    for at, row in enumerate(source):
        if type(row) not in {list, tuple}:
            raise StarlarkError(f"row {at} is not an array type")
        writer.writerow([_cell(cell) for cell in row])
    return out.getvalue()


def _cell(value: Anything) -> str:
    """As Go prints it."""
    if type(value) is bool:
        return "true" if value else "false"
    if value is None:
        return "<nil>"
    if type(value) is float:
        return go_float(value)
    if type(value) not in {str, int}:
        raise StarlarkError(f"unrecognized starlark type: {type_name(value)}")
    return printed(value)


MEMBERS = {
    "csv": Module("csv", {"read_all": Builtin("read_all", _read_all), "write_all": Builtin("write_all", _write_all)})
}

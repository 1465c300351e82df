"""Label and field selectors: their text form to `porch.types.selectors` values.

The grammar and the texts of its errors are Kubernetes': scripts and people know them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from porch.errors import BadRequest
from porch.keys import label_value_problems, qualified_name_problems
from porch.types.selectors import EVERYTHING, Requirement, Selector

_TOKEN = re.compile(r"\s*(==|!=|[=!,()<>]|[^\s=!,()<>]+)")
_MAX_TEXT = 64 * 1024
_OPERATORS = "in, notin, =, ==, !=, gt, lt"
_COMPARISONS = {"=": "in", "==": "in", "!=": "notin", ">": "gt", "<": "lt"}
_MARKS = frozenset({"==", "!=", "=", "!", ",", "(", ")", "<", ">"})


def label_selector(text: str) -> Selector:
    """Raises BadRequest."""
    if not text.strip():
        return EVERYTHING
    return Selector(tuple(_Labels(text).requirements()))


class _Labels:
    """A reader of one label selector, word by word; the empty word is the end."""

    def __init__(self, text: str) -> None:
        if len(text) > _MAX_TEXT:
            raise BadRequest(f"unable to parse requirement: the selector is longer than {_MAX_TEXT} characters")
        self._tokens: list[str] = [*_TOKEN.findall(text), ""]
        self._at = 0

    def _next(self) -> str:
        word = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return word

    def _peek(self) -> str:
        return self._tokens[self._at]

    def requirements(self) -> Iterator[Requirement]:
        while True:
            yield self._requirement()
            word = self._next()
            if not word:
                return
            if word != "," or not self._peek():
                found = word if word != "," else ""
                expected = "',' or 'end of string'" if word != "," else "identifier after ','"
                raise _unparsable(f"found '{found}', expected: {expected}")

    def _requirement(self) -> Requirement:
        absent = self._peek() == "!"
        if absent:
            self._next()
        key = self._next()
        if not key or key in _MARKS:
            raise _unparsable(f"found '{key}', expected: !, identifier, or 'end of string'")
        _check_key(key)
        if absent:
            return Requirement(key, "!exists")
        if self._peek() in {"", ","}:
            return Requirement(key, "exists")
        return self._comparison(key, self._next())

    def _comparison(self, key: str, operator: str) -> Requirement:
        if operator in {"in", "notin"}:
            values = self._values()
            operation = operator
        elif operator in _COMPARISONS:
            values = ("" if self._peek() in {"", ","} else self._next(),)
            operation = _COMPARISONS[operator]
        else:
            raise _unparsable(f"found '{operator}', expected: {_OPERATORS}")
        for value in values:
            _check_value(key, value, number=operation in {"gt", "lt"})
        return Requirement(key, operation, values)

    def _values(self) -> tuple[str, ...]:
        if (word := self._next()) != "(":
            raise _unparsable(f"found '{word}' expected: '('")
        values = []
        while True:
            values.append("" if self._peek() in {",", ")"} else self._next())
            word = self._next()
            if word == ")":
                return tuple(dict.fromkeys(values))
            if word != ",":
                raise _unparsable(f"found '{word}', expected: ',' or ')'")


def _unparsable(why: str) -> BadRequest:
    return BadRequest(f"unable to parse requirement: {why}")


def _check_key(key: str) -> None:
    if problems := qualified_name_problems(key):
        raise _unparsable(f'key: Invalid value: "{key[:317]}": {"; ".join(problems)}')


def _check_value(key: str, value: str, *, number: bool) -> None:
    if number:
        if not value.removeprefix("-").isdigit() or not value.isascii() or len(value) > 19:
            raise _unparsable(
                f"values[0][{key}]: Invalid value: \"{value[:64]}\": for 'Gt', 'Lt' operators, the value must be an "
                "integer"
            )
        return
    if value in _MARKS:
        raise _unparsable(f"found '{value}', expected: identifier")
    if problems := label_value_problems(value):
        raise _unparsable(f'values[0][{key}]: Invalid value: "{value[:128]}": {"; ".join(problems)}')


def field_selector(text: str) -> Selector:
    """Whether a field can be selected by is the storage's to say. Raises BadRequest."""
    if len(text) > _MAX_TEXT:
        raise BadRequest(f"invalid selector: longer than {_MAX_TEXT} characters")
    return Selector(tuple(_field_requirement(text, term) for term in _split(text, ",") if term))


def _field_requirement(text: str, term: str) -> Requirement:
    for operator in ("!=", "==", "="):
        pieces = _split(term, operator)
        if len(pieces) > 1:
            key, value = pieces[0], operator.join(pieces[1:])
            if not key:
                break
            return Requirement(key, "notin" if operator == "!=" else "in", (_unescape(text, value),))
    raise BadRequest(f"invalid selector: '{text[:253]}'; can't understand '{term[:253]}'")


def _split(text: str, separator: str) -> list[str]:
    """Splits at separators that no backslash escapes; escapes stay."""
    pieces, piece, at = [], "", 0
    while at < len(text):
        if text[at] == "\\":
            piece += text[at : at + 2]
            at += 2
        elif text.startswith(separator, at):
            pieces.append(piece)
            piece = ""
            at += len(separator)
        else:
            piece += text[at]
            at += 1
    return [*pieces, piece]


def _unescape(text: str, value: str) -> str:
    plain, escaped = "", False
    for character in value:
        if escaped:
            if character not in "\\,=":
                raise BadRequest(
                    f"invalid selector: '{text[:253]}'; invalid field selector: escape sequence: \\{character}"
                )
            plain += character
        elif character in ",=":
            raise BadRequest(f"invalid selector: '{text[:253]}'; unescaped '{character}' in a value")
        elif character != "\\":
            plain += character
        escaped = character == "\\" and not escaped
    if escaped:
        raise BadRequest(f"invalid selector: '{text[:253]}'; it ends in the middle of an escape")
    return plain


def and_name(selector: Selector, name: str) -> Selector:
    """The selector, narrowed to one object."""
    return Selector((*selector.requirements, Requirement("metadata.name", "in", (name,))))


def with_name(selector: Selector, name: str) -> Selector:
    """The selector with another name where it pins one."""
    return Selector(
        tuple(
            Requirement(item.key, item.operator, (name,))
            if item.key == "metadata.name" and item.operator == "in"
            else item
            for item in selector.requirements
        )
    )

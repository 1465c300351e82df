"""re.star: regular expressions. Go's syntax is that of RE2, which Python's mostly contains."""

from __future__ import annotations

import re

from porch.function.builtin.starlark.arguments import anything, integer, named, text
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.strings import sized
from porch.function.builtin.starlark.values import Anything, Arguments, Builtin, Keywords, Module, Value, encoded

_GROUP = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
_NOT_IN_GO = re.compile(r"\\[1-9]|\(\?(?:<?[=!]|\()")
_METHODS = ("search", "match", "split", "findall", "sub")


class Regexp(Value):
    """What `compile` gives: its methods take no pattern."""

    __slots__ = ("pattern",)
    type_name = "regexp"

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __str__(self) -> str:
        return self.pattern

    def __bool__(self) -> bool:
        return bool(self.pattern)

    def attribute_names(self) -> list[str]:
        return list(_METHODS)

    def attribute(self, name: str) -> Anything:
        if name not in _METHODS:
            return None
        function = _FUNCTIONS[name]
        return Builtin(name, lambda arguments, keywords: function((self.pattern, *arguments), keywords), "regexp")


def _compiled(pattern: str) -> re.Pattern[str]:
    if found := _NOT_IN_GO.search(pattern):
        raise StarlarkError(f"error parsing regexp: invalid or unsupported Perl syntax: `{found[0]}`")
    try:
        return re.compile(_python(pattern))
    except (re.error, RecursionError, OverflowError) as error:
        raise StarlarkError(f"error parsing regexp: {error}") from None


def _python(pattern: str) -> str:
    """Where both differ: the end of the text, the names of groups, classes of ASCII; flags stay at the front."""
    pattern = pattern.replace("(?<", "(?P<").replace("\\z", "\\Z").replace("\\pL", "[^\\W\\d_]")
    return f"(?a:{pattern})" if not re.match(r"\(\?[a-zA-Z]+\)", pattern) else pattern


def _compile(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named("compile", arguments, keywords, pattern=text, flags_=integer)
    _compiled(given["pattern"])
    return Regexp(given["pattern"])


def _given(name: str, arguments: Arguments, keywords: Keywords) -> tuple[re.Pattern[str], str]:
    given = named(name, arguments, keywords, pattern=text, string=text, flags_=integer)
    return _compiled(given["pattern"]), given["string"]


def _search(arguments: Arguments, keywords: Keywords) -> Anything:
    """Where the first match begins and ends, in bytes."""
    pattern, subject = _given("search", arguments, keywords)
    found = pattern.search(subject)
    return [len(encoded(subject[:at])) for at in found.span()] if found else None


def _match(arguments: Arguments, keywords: Keywords) -> Anything:
    """All matches, each with its groups."""
    pattern, subject = _given("match", arguments, keywords)
    return [(found[0], *(group or "" for group in found.groups())) for found in pattern.finditer(subject)]


def _findall(arguments: Arguments, keywords: Keywords) -> Anything:
    pattern, subject = _given("findall", arguments, keywords)
    return tuple(found[0] for found in pattern.finditer(subject))


def _split(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named("split", arguments, keywords, pattern=text, string=text, maxsplit_=integer, flags_=integer)
    pattern, subject, most = _compiled(given["pattern"]), given["string"], given.get("maxsplit", 0)
    if pattern.pattern and not subject:
        return ("",)
    pieces: list[str] = []
    begin = end = 0
    for found in pattern.finditer(subject):
        if most > 0 and len(pieces) == most - 1:
            break
        end = found.start()
        if found.end() != 0:
            pieces.append(subject[begin:end])
        begin = found.end()
    if end != len(subject):
        pieces.append(subject[begin:])
    return tuple(pieces)


def _sub(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named("sub", arguments, keywords, pattern=text, repl=text, string=text, count_=integer, flags_=anything)
    pattern = _compiled(given["pattern"])

    def replaced(found: re.Match[str]) -> str:
        return _GROUP.sub(lambda group: _expanded(found, group), given["repl"])

    return sized(pattern.sub(replaced, given["string"]))


def _expanded(found: re.Match[str], group: re.Match[str]) -> str:
    """`$1`, `${name}` or `$$`; a group that does not exist is empty."""
    name = group[1] or group[2]
    if not name:
        return "$"
    try:
        return found[int(name) if name.isdigit() else name] or ""
    except (IndexError, OverflowError):
        return ""


_FUNCTIONS = {
    "compile": _compile,
    "search": _search,
    "match": _match,
    "split": _split,
    "findall": _findall,
    "sub": _sub,
}
MEMBERS = {"re": Module("re", {name: Builtin(name, function) for name, function in _FUNCTIONS.items()})}

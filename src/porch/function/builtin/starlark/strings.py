"""The methods of strings and bytes. Positions count the bytes of UTF-8, as in Go."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from porch.function.builtin.starlark.arguments import anything, flag, integer, iterable, positional, text
from porch.function.builtin.starlark.arithmetic import MOST_BYTES
from porch.function.builtin.starlark.calls import int32
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.formats import format_text
from porch.function.builtin.starlark.values import (
    Anything,
    Arguments,
    Iterating,
    Keywords,
    decoded,
    encoded,
    length_of,
    text_of,
    type_name,
)

Method = Callable[[str, Arguments, Keywords], Anything]
_BLANKS = (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)
_SPACES = "".join(map(chr, _BLANKS))


class Characters(Iterating):
    """What `elems`, `codepoints` and their like give: something to loop over."""

    __slots__ = ("method", "text")

    def __init__(self, of: str, method: str) -> None:
        self.text = of
        self.method = method

    @property
    def type_name(self) -> str:  # type: ignore[override]
        return "string.elems" if self.method.startswith("elem") else "string.codepoints"

    def __str__(self) -> str:
        return f"{text_of(self.text)}.{self.method}()"

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __iter__(self) -> Iterator[Anything]:
        match self.method:
            case "elems":
                return iter([decoded(bytes([byte])) for byte in encoded(self.text)])
            case "elem_ords":
                return iter(encoded(self.text))
            case "codepoints":
                return iter("\ufffd" if _is_escape(char) else char for char in self.text)
            case _:
                return iter([ord(char) if not _is_escape(char) else 0xFFFD for char in self.text])


class BytesElements(Iterating):
    __slots__ = ("data",)
    type_name = "bytes.elems"

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __str__(self) -> str:
        return f"{text_of(self.data)}.elems()"

    def __iter__(self) -> Iterator[Anything]:
        return iter(self.data)


def _is_escape(char: str) -> bool:
    return 0xDC80 <= ord(char) <= 0xDCFF


def bounds(start: Anything, end: Anything, length: int) -> tuple[int, int]:
    """A part of something of this length, from optional indexes that may be negative."""
    places = []
    for value, default, what in ((start, 0, "start"), (end, length, "end")):
        if value is None:
            places.append(default)
            continue
        try:
            at = int32(value)
        except StarlarkError as error:
            raise StarlarkError(f"invalid {what} index: {error}") from None
        places.append(min(max(at + length if at < 0 else at, 0), length))
    return places[0], places[1]


def sized(result: str) -> str:
    if len(result) > MOST_BYTES:
        raise StarlarkError("string too large")
    return result


def _none(name: str, result: Callable[[str], Anything]) -> Method:
    """A method without arguments."""

    def method(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
        positional(name, arguments, keywords, 0)
        return result(of)

    return method


def _is_cased(char: str) -> bool:
    return char.lower() != char or char.upper() != char


def _capitalize(of: str) -> str:
    return of[:1].upper() + of[1:].lower()


def _title(of: str) -> str:
    pieces: list[str] = []
    cased = False
    for char in of:
        pieces.append(char.lower() if cased else char.upper() if len(char.upper()) == 1 else char)
        cased = _is_cased(char)
    return "".join(pieces)


def _is_title(of: str) -> bool:
    found = cased = False
    for char in of:
        if "A" <= char <= "Z" or (char.istitle() and not char.isupper()):
            if cased:
                return False
            cased = found = True
        elif char.islower():
            if not cased:
                return False
        elif char.isupper():
            return False
        else:
            cased = False
    return found


def _is_digit(char: str) -> bool:
    return char.isdecimal()


def _all(test: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda of: bool(of) and all(map(test, of))


def _span(of: str, name: str, arguments: Arguments, keywords: Keywords) -> tuple[str, bytes, int]:
    """What is looked for, where, and how far in that begins."""
    wanted, start, end = positional(name, arguments, keywords, 1, text, anything, anything)
    data = encoded(of)
    try:
        low, high = bounds(start, end, len(data))
    except StarlarkError as error:
        raise StarlarkError(f"{name}: {error}") from None
    return wanted, data[low:high] if low < high else b"", low


def _find(name: str) -> Method:
    backwards, may_miss = name.startswith("r"), name.endswith("find")

    def method(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
        wanted, where, low = _span(of, name, arguments, keywords)
        at = where.rfind(encoded(wanted)) if backwards else where.find(encoded(wanted))
        if at >= 0:
            return at + low
        if may_miss:
            return -1
        raise StarlarkError(f"{name}: substring not found")

    return method


def _count(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
    wanted, where, _ = _span(of, "count", arguments, keywords)
    return where.count(encoded(wanted)) if wanted else len(decoded(where)) + 1


def _format(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
    return sized(format_text(of, arguments, keywords))


def _join(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
    (items,) = positional("join", arguments, keywords, 1, iterable)
    pieces = list(items)
    size = 0
    for piece in pieces:
        if type(piece) is not str:
            raise StarlarkError(f"join: in list, want string, got {type_name(piece)}")
        size += len(piece) + len(of)
    if size > MOST_BYTES:
        raise StarlarkError("string too large")
    return of.join(pieces)


def _partition(name: str) -> Method:
    def method(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
        (separator,) = positional(name, arguments, keywords, 1, text)
        if not separator:
            raise StarlarkError(f"{name}: empty separator")
        return of.partition(separator) if name == "partition" else of.rpartition(separator)

    return method


def _remove(name: str) -> Method:
    def method(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
        (part,) = positional(name, arguments, keywords, 1, text)
        return of.removeprefix(part) if name == "removeprefix" else of.removesuffix(part)

    return method


def _replace(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
    old, new, count = positional("replace", arguments, keywords, 2, text, text, integer)
    if (of.count(old) + 1) * len(new) + len(of) > MOST_BYTES:
        raise StarlarkError("string too large")
    return of.replace(old, new, -1 if count is None else count)


def _starts(name: str) -> Method:
    def method(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
        parts, start, end = positional(name, arguments, keywords, 1, anything, anything, anything)
        try:
            low, high = bounds(start, end, length_of(of))
        except StarlarkError as error:
            raise StarlarkError(f"{name}: {error}") from None
        where = of if (low, high) == (0, length_of(of)) else decoded(encoded(of)[low : max(low, high)])
        if type(parts) is str:
            parts = (parts,)
        elif type(parts) is not tuple:
            raise StarlarkError(f"{name}: got {type_name(parts)}, want string or tuple of string")
        for at, part in enumerate(parts):
            if type(part) is not str:
                raise StarlarkError(f"{name}: want string, got {type_name(part)}, for element {at}")
            if where.startswith(part) if name == "startswith" else where.endswith(part):
                return True
        return False

    return method


def _strip(name: str) -> Method:
    def method(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
        (given,) = positional(name, arguments, keywords, 0, text)
        chars = given or _SPACES
        return of.strip(chars) if name == "strip" else of.lstrip(chars) if name == "lstrip" else of.rstrip(chars)

    return method


def _split(name: str) -> Method:
    def method(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
        separator, given = positional(name, arguments, keywords, 0, anything, integer)
        most = -1 if given is None or given < 0 else given
        if separator is None:
            return _split_blanks(of, most, backwards=name == "rsplit")
        if type(separator) is not str:
            raise StarlarkError(f"split: got {type_name(separator)} for separator, want string")
        if not separator:
            raise StarlarkError("split: empty separator")
        return of.split(separator, most) if name == "split" else of.rsplit(separator, most)

    return method


def _split_blanks(of: str, most: int, *, backwards: bool) -> list[str]:
    """Blanks are those of Unicode; Python counts four control characters more among them."""
    if any(char in of for char in "\x1c\x1d\x1e\x1f"):
        of = of.translate({0x1C: "\ue01c", 0x1D: "\ue01d", 0x1E: "\ue01e", 0x1F: "\ue01f"})
        back = {0xE01C: "\x1c", 0xE01D: "\x1d", 0xE01E: "\x1e", 0xE01F: "\x1f"}
        return [part.translate(back) for part in _split_blanks(of, most, backwards=backwards)]
    return of.rsplit(None, most) if backwards else of.split(None, most)


def _splitlines(of: str, arguments: Arguments, keywords: Keywords) -> Anything:
    (keep,) = positional("splitlines", arguments, keywords, 0, flag)
    lines = of.split("\n")
    last = lines.pop()
    if keep:
        lines = [f"{line}\n" for line in lines]
    return [*lines, last] if last else lines


def _bytes_elems(of: bytes, arguments: Arguments, keywords: Keywords) -> Anything:
    positional("elems", arguments, keywords, 0)
    return BytesElements(of)


STRING_METHODS: dict[str, Method] = {
    "capitalize": _none("capitalize", _capitalize),
    "count": _count,
    "endswith": _starts("endswith"),
    "format": _format,
    "isalnum": _none("isalnum", _all(lambda char: char.isalpha() or _is_digit(char))),
    "isalpha": _none("isalpha", _all(str.isalpha)),
    "isdigit": _none("isdigit", _all(_is_digit)),
    "islower": _none("islower", lambda of: any(map(_is_cased, of)) and of == of.lower()),
    "isspace": _none("isspace", _all(_SPACES.__contains__)),
    "istitle": _none("istitle", _is_title),
    "isupper": _none("isupper", lambda of: any(map(_is_cased, of)) and of == of.upper()),
    "join": _join,
    "lower": _none("lower", str.lower),
    "replace": _replace,
    "splitlines": _splitlines,
    "startswith": _starts("startswith"),
    "title": _none("title", _title),
    "upper": _none("upper", str.upper),
}
STRING_METHODS |= {name: _find(name) for name in ("find", "index", "rfind", "rindex")}
STRING_METHODS |= {name: _partition(name) for name in ("partition", "rpartition")}
STRING_METHODS |= {name: _remove(name) for name in ("removeprefix", "removesuffix")}
STRING_METHODS |= {name: _split(name) for name in ("split", "rsplit")}
STRING_METHODS |= {name: _strip(name) for name in ("strip", "lstrip", "rstrip")}
STRING_METHODS |= {
    name: _none(name, lambda of, method=name: Characters(of, method))  # type: ignore[misc]
    for name in ("codepoint_ords", "codepoints", "elem_ords", "elems")
}
BYTES_METHODS: dict[str, Callable[[bytes, Arguments, Keywords], Anything]] = {"elems": _bytes_elems}

"""What the quotes of a string literal hold, and how `repr` quotes a string."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(?s:.)|\r\n?")
_OCTAL = re.compile(r"\\[0-7]{1,3}")
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"} | {c: c for c in "\\'\""}
_SIZES = {"x": 2, "u": 4, "U": 8}
_LAST_CODE_POINT = 0x10FFFF
_SPECIAL = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
_PLAIN = re.compile(r"[ !#-\[\]-~]*")


def unquote(raw: str) -> str | bytes:
    """The value of a literal. Raises ValueError with what is wrong."""
    text = raw.removeprefix("r")
    is_raw = text is not raw and text != raw
    is_bytes = text.startswith("b")
    text = text.removeprefix("b")
    size = 3 if len(text) >= 6 and text[:3] == text[0] * 3 else 1
    text = text[size:-size]
    if is_raw:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text.encode("utf-8", "surrogateescape") if is_bytes else text
    if "\\" not in text and "\r" not in text:
        return text.encode("utf-8", "surrogateescape") if is_bytes else text
    value = _unescape(text, is_bytes)
    return value if is_bytes else value.decode("utf-8", "surrogateescape")


def _unescape(text: str, is_bytes: bool) -> bytes:
    pieces: list[bytes] = []
    at = 0
    while found := _ESCAPE.search(text, at):
        pieces.append(text[at : found.start()].encode("utf-8", "surrogateescape"))
        piece, at = _escape(text, found.start(), is_bytes) if found[0][0] == "\\" else (b"\n", found.end())
        pieces.append(piece)
    if text.endswith("\\", at):
        raise ValueError("truncated escape sequence \\")
    return b"".join((*pieces, text[at:].encode("utf-8", "surrogateescape")))


def _escape(text: str, at: int, is_bytes: bool) -> tuple[bytes, int]:
    kind = text[at + 1]
    if kind == "\n":
        return b"", at + 2
    if kind in _SIMPLE:
        return _SIMPLE[kind].encode(), at + 2
    if octal := _OCTAL.match(text, at):
        return _octal(octal[0], is_bytes), octal.end()
    if kind not in _SIZES:
        raise ValueError(f"invalid escape sequence \\{kind}")
    end = at + 2 + _SIZES[kind]
    escape = text[at:end]
    if len(text) < end:
        raise ValueError(f"truncated escape sequence {text[at:]}")
    digits = escape[2:]
    if not re.fullmatch("[0-9a-fA-F]+", digits):
        raise ValueError(f"invalid escape sequence {escape}")
    number = int(digits, 16)
    return (_byte(escape, number, is_bytes) if kind == "x" else _code_point(escape, number)), end


def _octal(escape: str, is_bytes: bool) -> bytes:
    number = int(escape[1:], 8)
    if not is_bytes and number > 127:
        raise ValueError(
            f"non-ASCII octal escape \\{number:o} (use \\u{number:04X} for the UTF-8 encoding of U+{number:04X})"
        )
    if number >= 256:
        raise ValueError(f"invalid escape sequence \\{number:03o}")
    return bytes([number])


def _byte(escape: str, number: int, is_bytes: bool) -> bytes:
    if not is_bytes and number > 127:
        raise ValueError(
            f"non-ASCII hex escape {escape} (use \\u{number:04X} for the UTF-8 encoding of U+{number:04X})"
        )
    return bytes([number])


def _code_point(escape: str, number: int) -> bytes:
    if number > _LAST_CODE_POINT:
        raise ValueError(f"code point out of range: {escape} (max \\U{_LAST_CODE_POINT:08x})")
    if 0xD800 <= number < 0xE000:
        raise ValueError(f"invalid Unicode code point U+{number:04X}")
    return chr(number).encode()


def quote(text: str) -> str:
    """As `repr` writes a string."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return f'"{"".join(map(_quoted, text))}"'


def quote_bytes(value: bytes) -> str:
    return "b" + quote(value.decode("utf-8", "surrogateescape"))


def _quoted(char: str) -> str:
    number = ord(char)
    if char in {'"', "\\"}:
        return "\\" + char
    if char in _SPECIAL:
        return _SPECIAL[char]
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    if char == " " or (char.isprintable() and not char.isspace()):
        return char
    if number < 0x80:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

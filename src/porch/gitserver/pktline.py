"""Git's pkt-line framing, as far as a push needs it: read the commands before git does, write a report like git's.

A request to receive-pack begins with lines `OLD NEW REF` (the first one followed by NUL and the capabilities), a flush
packet, then the pack. The answer is `unpack ok` and a line for each ref, inside side-band 1 if the client can do that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from porch.errors import BadRequest, RequestTooLarge

FLUSH = b"0000"
ABSENT = "0" * 40
_MAX_SECTION = 1024 * 1024
_MAX_BAND = 65515
_LENGTH = re.compile(rb"[0-9a-fA-F]{4}")
_COMMAND = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) ([^\x00-\x20\x7f]+)")
_SHALLOW = re.compile(r"shallow [0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Command:
    """One ref that a client wants to move. `old` is what the client believes; git compares it when it moves the ref."""

    ref: str
    old: str
    new: str

    @property
    def creates(self) -> bool:
        return self.old == ABSENT and not self.deletes

    @property
    def deletes(self) -> bool:
        return self.new == ABSENT


@dataclass(frozen=True, slots=True)
class Push:
    """The head of a request to receive-pack."""

    commands: tuple[Command, ...]
    capabilities: frozenset[str]


def encode(line: bytes) -> bytes:
    return b"%04x%s" % (len(line) + 4, line)


def read_push(body: BinaryIO) -> Push:
    """Reads up to the flush packet, a mebibyte at most. Raises BadRequest, RequestTooLarge."""
    commands: list[Command] = []
    capabilities: frozenset[str] = frozenset()
    for line in _lines(body):
        text, _, rest = line.partition("\0")
        if rest:
            capabilities = frozenset(rest.split())
        if found := _COMMAND.fullmatch(text):
            commands.append(Command(ref=found[3], old=found[1], new=found[2]))
        elif not _SHALLOW.fullmatch(text):
            raise BadRequest("the push has a line that this server does not know; signed pushes are not supported")
    if len({command.ref for command in commands}) != len(commands):
        # Git would do them one by one: taking a tag away and making it anew moves it.
        raise BadRequest("the push names a ref twice")
    return Push(tuple(commands), capabilities)


def _lines(body: BinaryIO) -> Iterable[str]:
    left = _MAX_SECTION
    while (line := _packet(body)) is not None:
        left -= len(line)
        if left < 0:
            raise RequestTooLarge("the push moves too many refs at once; push them in several steps")
        try:
            yield line.rstrip(b"\n").decode()
        except UnicodeDecodeError as error:
            raise BadRequest("the push names a ref that is not UTF-8") from error


def _packet(body: BinaryIO) -> bytes | None:
    length = body.read(4)
    if not _LENGTH.fullmatch(length):
        raise BadRequest("the body is not a request of git's")
    if (size := int(length, 16)) == 0:
        return None
    line = body.read(size - 4) if size > 4 else b""
    if len(line) != size - 4:
        raise BadRequest("the body is not a request of git's")
    return line


def refusal_report(push: Push, reasons: Mapping[str, str]) -> bytes:
    """The answer to a push of which nothing was done; `reasons` has a line for each ref."""
    if not push.capabilities & {"report-status", "report-status-v2"}:
        return b""
    lines = [b"unpack ok\n", *(f"ng {ref} {reason}\n".encode() for ref, reason in reasons.items())]
    report = b"".join(map(encode, lines)) + FLUSH
    if "side-band-64k" not in push.capabilities:
        return report
    bands = (report[start : start + _MAX_BAND] for start in range(0, len(report), _MAX_BAND))
    return b"".join(encode(b"\x01" + band) for band in bands) + FLUSH

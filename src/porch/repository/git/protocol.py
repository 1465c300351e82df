"""The words of git's push protocol: packet lines, the advertisement, commands, and the report on them.

One push is one request: commands that name the expected old ids, then a pack. Everything that a server answers is
foreign input: it is bounded, and what does not parse counts as no report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from porch.repository.git.executable import clean
from porch.repository.interface import PushReport
from porch.store import RefMove

ZERO = "0" * 40
FLUSH = b"0000"
_AGENT = "agent=porch"


class Malformed(Exception):
    """Bytes that are not git's protocol. Never leaves this room."""


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What a server said it can do, and its refs then."""

    capabilities: frozenset[str]
    refs: dict[str, str]


def packet(line: bytes) -> bytes:
    return b"%04x%s" % (len(line) + 4, line)


def packets(data: bytes) -> Iterator[bytes | None]:
    """Lines of a stream; None for a flush. Raises Malformed."""
    position = 0
    while position < len(data):
        try:
            size = int(data[position : position + 4], 16)
        except ValueError as error:
            raise Malformed("not a git packet") from error
        if size in {0, 1, 2}:
            yield None
            position += 4
            continue
        if size < 4 or position + size > len(data):
            raise Malformed("a git packet is cut off")
        yield data[position + 4 : position + size]
        position += size


def read_advertisement(data: bytes) -> Advertisement:
    """With or without the `# service` header of HTTP. Raises Malformed."""
    capabilities: frozenset[str] = frozenset()
    refs: dict[str, str] = {}
    first = True
    for line in packets(data):
        if line is None or line.startswith((b"# service=", b"version ")):
            continue
        text = line.rstrip(b"\n")
        if first:
            text, _, words = text.partition(b"\0")
            capabilities = frozenset(words.decode("utf-8", "replace").split())
            first = False
        name, _, ref = text.decode("utf-8", "surrogateescape").partition(" ")
        if len(name) != 40:
            raise Malformed("not an advertisement of refs")
        if name != ZERO and not ref.endswith("^{}"):
            refs[ref] = name
    if first:
        raise Malformed("an empty advertisement")
    return Advertisement(capabilities, refs)


def push_request(moves: Sequence[RefMove], pack: bytes, capabilities: frozenset[str]) -> bytes:
    """Commands and pack. A push that only deletes has no pack."""
    wanted = ["report-status", "side-band-64k", "delete-refs", "object-format=sha1"]
    if len(moves) > 1:
        wanted.append("atomic")
    words = [word for word in wanted if word in capabilities]
    if any(word.startswith("agent=") for word in capabilities):
        words.append(_AGENT)
    lines = [f"{move.old or ZERO} {move.new or ZERO} {move.ref}" for move in moves]
    lines[0] += "\0" + " ".join(words)
    commands = b"".join(packet(line.encode("utf-8", "surrogateescape")) for line in lines)
    return commands + FLUSH + (pack if any(move.new for move in moves) else b"")


def read_report(data: bytes, moves: Sequence[RefMove], capabilities: frozenset[str]) -> PushReport:
    """Accepted only when the server confirms every ref."""
    try:
        report, messages = _demultiplex(data) if "side-band-64k" in capabilities else (data, b"")
        lines = [line.rstrip(b"\n").decode("utf-8", "replace") for line in packets(report) if line is not None]
    except Malformed as error:
        return PushReport(accepted=False, text=f"the answer of the remote is incomplete: {error}")
    confirmed = {line[3:] for line in lines if line.startswith("ok ")}
    refused = [line[3:].partition(" ") for line in lines if line.startswith("ng ")]
    words = [f"command error on {ref}: {why}" for ref, _, why in refused]
    unpacked = [line[7:] for line in lines if line.startswith("unpack ")]
    words += [f"unpack error: {status}" for status in unpacked if status != "ok"]
    accepted = unpacked == ["ok"] and not refused and all(move.ref in confirmed for move in moves)
    if not accepted and not words:
        words.append("the remote sent no report")
    return PushReport(accepted, clean("\n".join([*words, messages.decode("utf-8", "replace")]).encode()))


def _demultiplex(data: bytes) -> tuple[bytes, bytes]:
    """The report on band 1, and what the remote says to people on bands 2 and 3."""
    report, messages = bytearray(), bytearray()
    for line in packets(data):
        if line:
            (report if line[0] == 1 else messages).extend(line[1:])
    return bytes(report), bytes(messages)

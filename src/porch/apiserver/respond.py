"""Sending answers: headers that every response carries, warnings, compression, and errors as Status objects."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from porch.apiserver import answer as answers
from porch.apiserver.audit import Entry
from porch.apiserver.interface import Answer
from porch.apiserver.negotiate import JSON, Shape, negotiate
from porch.apiserver.request import Request, Send
from porch.apiserver.route import WrongMethod
from porch.apiserver.status import status, unexpected
from porch.errors import BadRequest, PorchError, ServiceUnavailable

_WARNINGS_SIZE, _WARNING_CUT = 4096, 256
_PIECE = 128 * 1024


class Responder:
    """Answers one request. `warnings` may be filled until the answer is sent."""

    def __init__(self, request: Request, entry: Entry, send: Send, stopping: asyncio.Event) -> None:
        self.entry = entry
        self.warnings: Sequence[str] = ()
        self.raw_send = send
        self._request = request
        self._stopping = stopping
        self._started = False

    async def send(self, answer: Answer) -> None:
        accepted = self._request.headers.get("accept-encoding", "")
        if answer.rest is not None:
            await self._stream(answer, answer.rest, gzip=answers.takes_gzip(accepted))
            return
        if answers.may_compress(answer, accepted):
            answer = await asyncio.to_thread(answers.compressed, answer)
        self.entry.size = answer.size
        headers = {
            "Content-Length": str(answer.size),
            "Server-Timing": self.entry.server_timing(),
            **answer.headers,
        }
        await self.start(answer.status, answer.content_type, headers)
        for body in (answer.body, *answer.more)[:-1]:
            await self._send_body(body, more=True)
        await self._send_body((answer.body, *answer.more)[-1], more=False)

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        """In pieces: encrypting a big answer in one go would hold up everybody else on the event loop."""
        for start in range(0, len(body) - _PIECE, _PIECE):
            await self.raw_send({"type": "http.response.body", "body": body[start : start + _PIECE], "more_body": True})
            await asyncio.sleep(0)
        rest = body[max(0, (len(body) - 1) // _PIECE) * _PIECE :]
        await self.raw_send({"type": "http.response.body", "body": rest, "more_body": more})

    async def write(self, body: bytes) -> None:
        """A piece of a body whose length nobody knows; the server flushes it."""
        self.entry.size += len(body)
        await self._send_body(body, more=True)

    async def finish(self) -> None:
        await self.raw_send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _stream(self, answer: Answer, rest: Iterator[bytes], *, gzip: bool) -> None:
        """A list that is read while it is sent."""
        headers = {"Server-Timing": self.entry.server_timing(), **answer.headers}
        encoder = zlib.compressobj(1, wbits=answers.GZIP) if gzip else None
        if encoder is not None:
            headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        await self.start(answer.status, answer.content_type, headers)
        piece: bytes | None = answer.body
        while piece is not None:
            if encoder is not None:
                piece = await asyncio.to_thread(encoder.compress, piece)
            if piece:
                await self.write(piece)
            piece = await asyncio.to_thread(next, rest, None)
        if encoder is not None:
            await self.write(encoder.flush())
        await self.finish()

    async def start(self, code: int, content_type: str, headers: Mapping[str, str]) -> None:
        """Sends status and headers; the body is the caller's."""
        self._started = True
        self.entry.code = code
        fields = {
            "Audit-Id": self.entry.audit_id,
            "Cache-Control": "no-cache, private",
            "Content-Type": content_type,
            **headers,
        }
        if self._request.unread or self._stopping.is_set():
            fields["Connection"] = "close"
        encoded = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
        encoded += [(b"warning", line.encode()) for line in warning_lines(self.warnings)]
        await self.raw_send({"type": "http.response.start", "status": code, "headers": encoded})

    async def fail(self, error: PorchError) -> None:
        """A stream that has begun can only be cut: raising makes the server do that."""
        if self._started:
            raise error
        headers: dict[str, str] = {}
        if error.retry_after:
            headers["Retry-After"] = str(error.retry_after)
        if isinstance(error, WrongMethod):
            headers["Allow"] = error.allowed
        answer = answers.of_value(status(error), self._error_shape(), error.code)
        await self.send(replace(answer, headers=headers))

    async def fail_unexpectedly(self) -> None:
        await self.fail(unexpected(self.entry.audit_id))

    async def give_up(self) -> None:
        """The server's grace is over. No Retry-After: clients would send a write again that may have been done."""
        if not self._started:
            text = "the server is shutting down; whether the request was carried out is not known"
            await self.fail(ServiceUnavailable(text))

    def _error_shape(self) -> Shape:
        """Errors are JSON, indented for people; whatever is wrong with the request itself must not hide them."""
        try:
            pretty = self._request.parameter("pretty")
        except BadRequest:
            pretty = ""
        return negotiate(JSON, one=True, user_agent=self._request.headers.get("user-agent", ""), pretty=pretty)


def warning_lines(warnings: Sequence[str]) -> list[str]:
    """The Warning headers: each text once, short enough in all."""
    texts = ["".join(filter(str.isprintable, text)) for text in dict.fromkeys(warnings)]
    if sum(map(len, texts)) > _WARNINGS_SIZE:
        texts = [text[:_WARNING_CUT] for text in texts]
    lines, size = [], 0
    for text in texts:
        size += len(text)
        if size > _WARNINGS_SIZE:
            break
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'299 - "{escaped}"')
    return lines

"""Hosted repositories over git smart HTTP: an ASGI application for the paths below /git/.

A request is authenticated and authorized, its body received into a file, then git runs. A fetch streams git's answer.
A push is read up to its pack first: when one ref may not move, nothing happens and git's own report format carries
the reason to the user's terminal. Otherwise receive-pack runs under the repository's lock, and the index knows the new
refs before the answer leaves. Nothing else of a repository directory is ever served.
"""

from __future__ import annotations

import asyncio
import contextvars
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, TypeVar

from porch.apiserver.interface import Authenticator, Authorizer
from porch.errors import BadRequest, Forbidden, InternalError, NotFound, PorchError, Timeout, TooManyRequests
from porch.gitserver import process
from porch.gitserver.access import Access, authenticate
from porch.gitserver.answer import Answer, Send
from porch.gitserver.body import Disconnected, Receive, receive_all
from porch.gitserver.interface import Hosted, HostedRepositories, Limits
from porch.gitserver.pktline import FLUSH, encode
from porch.gitserver.push import PushHandler
from porch.gitserver.request import RECEIVE, Request, Scope, parse
from porch.gitserver.rules import APPROVE, EDIT
from porch.workers import Threads

P = ParamSpec("P")
T = TypeVar("T")


class GitServer:
    """Serves scopes whose path begins with /git/."""

    def __init__(
        self,
        repositories: HostedRepositories,
        authenticator: Authenticator,
        authorizer: Authorizer,
        spool: Path,
        limits: Limits | None = None,
    ) -> None:
        """`spool` is a directory for the bodies of requests in flight."""
        self._limits = limits or Limits()
        self._repositories = repositories
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._spool = spool
        self._push = PushHandler(repositories, self._limits.locked_seconds)
        self._threads = Threads(self._limits.requests, "porch-git")
        self._running = 0

    def close(self) -> None:
        """Waits for the pushes that git is working on."""
        self._threads.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = Answer(send)
        try:
            with self._slot():
                await self._serve(parse(scope), receive, answer)
        except Disconnected:
            return
        except TimeoutError:
            await answer.fail(Timeout(f"the request took longer than {self._limits.seconds:g} s"))
        except PorchError as error:
            await answer.fail(error)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if self._running >= self._limits.requests:
            raise TooManyRequests("too many git requests at the same time, please try again later", retry_after=1)
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    async def _serve(self, request: Request, receive: Receive, answer: Answer) -> None:
        access, hosted = await self._on_thread(self._open, request)
        with tempfile.TemporaryFile(dir=self._spool) as body:
            if not request.advertise:
                await self._receive(request, receive, body)
            if request.service == RECEIVE and not request.advertise:
                # Not cancelled from here: git has its own time, and the client may hear late what became of the push.
                where = request.namespace, request.name, hosted, access
                await answer.whole(request.answer_type, await self._on_thread(self._push.receive, body, *where))
            else:
                chunks = _output(request, hosted, body)
                async with asyncio.timeout(self._limits.seconds):
                    await _while_connected(receive, answer.stream(request.answer_type, chunks))

    async def _receive(self, request: Request, receive: Receive, body: BinaryIO) -> None:
        limits = self._limits
        async with asyncio.timeout(limits.seconds):
            await receive_all(
                receive,
                request.headers,
                body,
                limit=limits.push_bytes if request.service == RECEIVE else limits.fetch_bytes,
                idle_seconds=limits.idle_seconds,
                write=self._on_thread,
            )

    def _open(self, request: Request) -> tuple[Access, Hosted]:
        """Whether there is such a repository is told only to those who may read it."""
        caller = authenticate(self._authenticator, request.header_list, request.certificate)
        access = Access(caller, self._authorizer, request.namespace)
        access.check_read()
        if request.service == RECEIVE and not (access.may_update(EDIT) or access.may_update(APPROVE)):
            raise Forbidden(f"you may not push to {request.namespace}/{request.name}: that needs update on {EDIT}")
        hosted = self._repositories.locate(request.namespace, request.name)
        if hosted is None:
            raise NotFound(f"there is no hosted repository {request.namespace}/{request.name}")
        return access, hosted

    async def _on_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        work = partial(contextvars.copy_context().run, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


async def _output(request: Request, hosted: Hosted, body: BinaryIO) -> AsyncGenerator[bytes, None]:
    """What git says to a fetch, or as its first words to a push."""
    if request.service == RECEIVE:
        command = process.receive_pack(hosted.path, advertise=True)
    else:
        command = process.upload_pack(hosted.path, advertise=request.advertise)
    if request.advertise and not request.second_protocol:
        yield encode(f"# service={request.service}\n".encode()) + FLUSH
    try:
        async with aclosing(process.stream(command, body, request.protocol)) as chunks:
            async for chunk in chunks:
                yield chunk
    except InternalError as error:
        if request.advertise:
            raise
        raise BadRequest("git did not understand the request") from error


async def _while_connected(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Cancels `work`, and with it git, when the client goes away."""
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Disconnected
        await working
    finally:
        gone.cancel()
        working.cancel()
        await asyncio.gather(gone, working, return_exceptions=True)


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

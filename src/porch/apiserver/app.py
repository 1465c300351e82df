"""The Kubernetes wire as an ASGI application: the way of every request, from headers to answer.

    route -> authenticate -> resolve the name -> authorize -> negotiate -> read the body -> the verb -> send

Everything up to the verb happens on the event loop; storage is called on worker threads, except for reads that are
cheap. Whatever goes wrong on the way is raised as an error of `porch.errors` and answered as a Status; anything else is
a fault of ours, logged with its traceback and answered with nothing but the Audit-Id to look it up by.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from porch import observe
from porch.apiserver import audit, read, select, watch, websocket, write
from porch.apiserver.collection import delete_collection
from porch.apiserver.interface import (
    Answer,
    Attributes,
    Authenticator,
    Authorizer,
    DocumentRequest,
    Documents,
    Resource,
)
from porch.apiserver.negotiate import JSON, negotiate
from porch.apiserver.operation import Operation
from porch.apiserver.options import time_limit, watch_options
from porch.apiserver.request import Disconnected, Receive, Request, Scope, Send
from porch.apiserver.respond import Responder
from porch.apiserver.route import Resources, Target, WrongMethod, find, index
from porch.apiserver.table import include_object
from porch.errors import BadRequest, Conflict, Details, NotFound, PorchError, Timeout, TooManyRequests, exhausted
from porch.memory import HUGE, trim
from porch.objects import Call, Caller, ChangeFeed
from porch.workers import Threads

T = TypeVar("T")
_ANONYMOUS = ("livez", "readyz", "healthz", "version")
_WRITES = {
    "create": write.create,
    "update": write.update,
    "patch": write.patch_object,
    "delete": write.delete,
    "deletecollection": delete_collection,
}
_INLINE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is done at once, and how long one request may take."""

    reads: int = 400
    writes: int = 200
    watches: int = 5000
    write_threads: int = 128
    read_threads: int = 8
    seconds: float = 290.0


class App:
    """The ASGI application. One per server."""

    def __init__(
        self,
        resources: Sequence[Resource],
        feed: ChangeFeed,
        *,
        authenticator: Authenticator,
        authorizer: Authorizer,
        documents: Sequence[Documents],
        stopping: asyncio.Event,
        limits: Limits | None = None,
    ) -> None:
        """When `stopping` is set all watches end cleanly, and what comes after it on a kept connection is sent away."""
        self._resources: Resources = index(resources)
        self._feed = feed
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._documents = documents
        self._stopping = stopping
        self._limits = limits or Limits()
        self._readers = Threads(self._limits.read_threads, "porch-read")
        self._writers = Threads(self._limits.write_threads, "porch-write")
        self._in_flight = {"read": 0, "write": 0, "watch": 0}
        self._chunks = watch.Chunks()
        self._watches: set[watch.Watch] = set()
        self._ending: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            scope, receive, send = websocket.as_http(scope, receive, send)
        elif scope["type"] != "http":
            raise NotImplementedError(f"{scope['type']} is not spoken here")
        request = Request(scope, receive)
        entry = audit.Entry(audit.audit_id(request.headers.get("audit-id", "")), request.method, request.path)
        token = observe.current.set(entry.record)
        try:
            await self._handle(request, Responder(request, entry, send, self._stopping))
        finally:
            observe.current.reset(token)
            entry.finish()

    async def _handle(self, request: Request, responder: Responder) -> None:
        """Answers in every case, unless the client has gone."""
        try:
            await self._answer(request, responder)
        except Disconnected:
            responder.entry.code = 499
        except PorchError as error:
            await responder.fail(error)
        except asyncio.CancelledError:
            await responder.give_up()
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets a Status and the log the traceback
            responder.entry.failed(error)
            if (denied := exhausted(error)) is not None:
                await responder.fail(denied)
            else:
                await responder.fail_unexpectedly()

    async def _answer(self, request: Request, responder: Responder) -> None:
        segments = request.segments
        if request.by_websocket and not request.flag("watch"):
            raise BadRequest("a websocket carries watches only: add ?watch=true, or leave out the upgrade")
        if segments[0] in _ANONYMOUS:
            await responder.send(self._document(request))
            return
        if self._stopping.is_set():
            raise TooManyRequests("the server is shutting down, please try again later", retry_after=1)
        entry = responder.entry
        caller = self._authenticator.authenticate(request.raw_headers, request.certificate)
        entry.user = caller.name
        target = find(self._resources, request.method, segments, watch=request.flag("watch"))
        if target is None:
            self._authorizer.authorize(caller, Attributes(request.method.lower(), path=request.path))
            await responder.send(self._document(request))
            return
        with observe.step("apiserver.authorize"):
            operation = self._operation(request, target, caller, entry)
        responder.warnings = operation.call.warnings
        with self._slot(target.verb):
            if target.verb == "watch":
                await self._watch(operation, responder)
                return
            async with _deadline(time_limit(request, self._limits.seconds), entry.record):
                answer = await self._perform(operation)
            await responder.send(answer)
            if answer.size > HUGE:
                del answer
                await asyncio.to_thread(trim)

    def _document(self, request: Request) -> Answer:
        asked = DocumentRequest(request.path, request.query, request.headers)
        for documents in self._documents:
            if (answer := documents.answer(asked)) is not None:
                if request.method not in {"GET", "HEAD"}:
                    raise WrongMethod(["GET"])
                return answer
        raise NotFound("the server could not find the requested resource", details=Details())

    # From target to operation

    def _operation(self, request: Request, target: Target, caller: Caller, entry: audit.Entry) -> Operation:
        """The authorized operation. The name is resolved first: everybody after this sees the canonical one."""
        given = target.name
        if not given and target.verb in {"list", "watch", "deletecollection"}:
            fields = select.field_selector(request.parameter("fieldSelector"))
            given = fields.exactly("metadata.name") or ""
        name = self._resolved(target, given, caller) if given else ""
        entry.verb, entry.resource = target.verb, str(target.resource.kind.resource)
        entry.namespace, entry.name = target.namespace, name
        self._authorizer.authorize(caller, _attributes(target, target.verb, name, request.path))
        shape = negotiate(
            request.headers.get("accept", ""),
            one=target.verb not in {"list", "deletecollection"},
            user_agent=request.headers.get("user-agent", ""),
            pretty=request.parameter("pretty"),
        )
        include = include_object(request.parameter("includeObject"))
        return Operation(request, target, Call(caller), shape, include, name, given)

    def _resolved(self, target: Target, given: str, caller: Caller) -> str:
        try:
            return target.resource.storage.resolve(target.namespace, given)
        except Conflict:
            # The error lists the candidates: it is for those who may list them anyway.
            self._authorizer.authorize(caller, _attributes(target, "list", "", ""))
            raise

    # Doing it

    async def _perform(self, operation: Operation) -> Answer:
        target, request = operation.target, operation.request
        resource = target.resource
        if target.verb == "get":
            return await self._read(lambda: read.get(operation), inline=resource.cheap_reads)
        if target.verb == "list":
            options = read.selection(operation)
            inline = resource.cheap_reads and 0 < options.limit <= _INLINE_LIMIT
            return await self._read(lambda: read.list_objects(operation, options), inline=inline)
        held = [await request.body(resource.max_body)]  # the verb gets the only one, and can let go of it
        verb = _WRITES[target.verb]
        return await self._in_thread(self._writers, lambda: verb(operation, held.pop()))

    async def _read(self, work: Callable[[], Answer], *, inline: bool) -> Answer:
        return work() if inline else await self._in_thread(self._readers, work)

    async def _in_thread(self, pool: Threads, work: Callable[[], T]) -> T:
        """The one place where blocking work leaves the event loop; the steps that it takes are still this request's."""
        return await asyncio.get_running_loop().run_in_executor(pool, contextvars.copy_context().run, work)

    async def _watch(self, operation: Operation, responder: Responder) -> None:
        target = operation.target
        options = watch_options(operation.request, target.namespace, target.name)
        stream = watch.Watch(operation, options, self._feed, self._chunks)
        await self._in_thread(self._readers, stream.begin)
        await responder.start(200, JSON, {})
        with self._ended_in_time(stream, operation.request):
            await stream.run(responder.write)
        await responder.finish()

    @contextmanager
    def _ended_in_time(self, stream: watch.Watch, request: Request) -> Iterator[None]:
        """The stream ends when the server stops or the client has gone."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end_watches())
        self._watches.add(stream)
        gone = asyncio.ensure_future(request.disconnected())
        gone.add_done_callback(lambda _: stream.end())
        try:
            if self._stopping.is_set():
                stream.end()
            yield
        finally:
            self._watches.discard(stream)
            gone.cancel()

    async def _end_watches(self) -> None:
        await self._stopping.wait()
        for stream in self._watches:
            stream.end()

    @contextmanager
    def _slot(self, verb: str) -> Iterator[None]:
        """A place among the requests in flight."""
        limits = self._limits
        kind, most = ("write", limits.writes) if verb in _WRITES else ("read", limits.reads)
        if verb == "watch":
            kind, most = verb, limits.watches
        if self._in_flight[kind] >= most:
            raise TooManyRequests(retry_after=1)
        self._in_flight[kind] += 1
        audit.IN_FLIGHT.labels(kind).set(self._in_flight[kind])
        try:
            yield
        finally:
            self._in_flight[kind] -= 1
            audit.IN_FLIGHT.labels(kind).set(self._in_flight[kind])

    def close(self) -> None:
        """Lets the worker threads end when they have finished what they do."""
        self._readers.shutdown(wait=False)
        self._writers.shutdown(wait=False)


def _attributes(target: Target, verb: str, name: str, path: str) -> Attributes:
    kind = target.resource.kind
    return Attributes(verb, kind.group, kind.version, kind.plural, target.subresource, target.namespace, name, path)


@asynccontextmanager
async def _deadline(seconds: float, record: observe.Record) -> AsyncIterator[None]:
    """The client's patience. What a worker thread does for it comes to its end all the same."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        goes_on = f"; {record.goes_on()}" if record.goes_on else ""
        raise Timeout(f"Timeout: request did not complete within requested timeout{goes_on}") from error

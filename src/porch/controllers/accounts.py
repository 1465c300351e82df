"""The account controller: every namespace has a ServiceAccount `default`, also after somebody deleted it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import structlog

from porch.cache import SYSTEM
from porch.controllers.follow import follow, pages
from porch.controllers.queue import WorkQueue
from porch.errors import AlreadyExists, Forbidden, NotFound
from porch.keys import NAMESPACES
from porch.objects import Call, ChangeFeed, ListOptions, ResourceStorage
from porch.store import Change
from porch.types.accounts import SERVICE_ACCOUNT, ServiceAccount
from porch.types.meta import ObjectMeta

_log = structlog.get_logger("porch.controllers")
DEFAULT = "default"
_AGAIN_SECONDS = 1.0


class AccountController:
    def __init__(self, storages: Mapping[str, ResourceStorage], feed: ChangeFeed) -> None:
        """`storages` by resource."""
        self._namespaces, self._feed = storages[str(NAMESPACES)], feed
        self._accounts = storages[str(SERVICE_ACCOUNT.resource)]

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                await self._work_on_all()
            except* Exception as group:  # noqa: BLE001 - whatever it is, it is logged and all is looked at anew
                _log.warning("listing namespaces again", reason=repr(group.exceptions[0]))
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _work_on_all(self) -> None:
        seen = self._feed.version()
        async with asyncio.TaskGroup() as group:
            self._queue = WorkQueue("accounts", self.ensure, 1)
            group.create_task(self._queue.run())
            group.create_task(follow(self._feed, str(NAMESPACES), seen, self._note_namespace))
            group.create_task(follow(self._feed, str(SERVICE_ACCOUNT.resource), seen, self._note_account))
            await asyncio.to_thread(self._survey)

    def _survey(self) -> None:
        for item in pages(self._namespaces, ListOptions()):
            self._queue.add(item.key.name)

    def _note_namespace(self, change: Change) -> None:
        if change.previous is None and not change.current.deleted:
            self._queue.add(change.current.key.name)

    def _note_account(self, change: Change) -> None:
        if change.current.deleted and change.current.key.name == DEFAULT:
            self._queue.add(change.current.key.namespace)

    def ensure(self, namespace: str) -> None:
        """Nothing is made in a namespace that is being deleted or gone: the storage refuses it."""
        account = ServiceAccount(metadata=ObjectMeta(name=DEFAULT))
        try:
            self._accounts.get(Call(SYSTEM), namespace, DEFAULT)
        except NotFound:
            with suppress(AlreadyExists, NotFound, Forbidden):
                self._accounts.create(Call(SYSTEM), namespace, account)

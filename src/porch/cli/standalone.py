"""The standalone server, put together: one process, one data directory, no cluster.

The composition root. It knows every room and does nothing itself: it makes the parts in the order in which they need
each other, hands them on, and takes them apart in reverse.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from porch.apiserver.app import App
from porch.apiserver.authn import (
    AccountTokens,
    AuthenticatorChain,
    BearerTokens,
    Impersonation,
    TokenKey,
    Tokens,
    ensure_token_file,
)
from porch.apiserver.authz import RbacAuthorizer, StoredRoles, check_binding, check_role
from porch.apiserver.discovery import Discovery
from porch.apiserver.health import Metrics, Version
from porch.apiserver.interface import Documents, KeptAs, Resource
from porch.apiserver.openapi import OpenApi
from porch.apiserver.paths import Paths
from porch.apiserver.request import Receive, Scope, Send
from porch.apiserver.reviews import review_storages
from porch.apiserver.server import Tls, serve
from porch.apiserver.tokens import TokenRequests, token_reviews
from porch.cache import Cache, Lanes, Upstreams
from porch.cache.opener import GitOpener, Layout
from porch.cache.upkeep import Upkeep
from porch.cli.checks import health
from porch.cli.hooks import HooksFromCache
from porch.cli.hosted import HostedFromCache
from porch.cli.kubeconfig import write_kubeconfig
from porch.controllers.accounts import AccountController
from porch.controllers.garbage import GarbageCollector
from porch.controllers.namespaces import NamespaceController
from porch.controllers.recorder import EventRecorder
from porch.controllers.repositories import RepositoryController
from porch.controllers.retention import EventRetention
from porch.engine import (
    ConfiguredFunctions,
    Engine,
    FollowedResources,
    Operations,
    PackageRevisionResourcesStorage,
    PackageRevisions,
    Packages,
    Pools,
    Renderer,
    Verdicts,
    WatcherManager,
)
from porch.errors import BadRequest
from porch.gitserver import GitServer
from porch.gitserver import Limits as GitLimits
from porch.keys import ObjectKey
from porch.objects import ResourceStorage
from porch.objects.bootstrap import create_system_namespaces
from porch.objects.checks import (
    Check,
    namespace_exists,
    repository_conflicts,
    system_namespaces_stay,
)
from porch.objects.rbac_bootstrap import ensure_default_roles
from porch.objects.repository_checks import file_repositories_below
from porch.objects.reshaped import Conversion, Reshaped
from porch.objects.stored import StoredObjects
from porch.pki import ensure_pki, ensure_token_key
from porch.repository.credentials import SecretCredentials
from porch.repository.git import check_git
from porch.settings import Settings
from porch.store import Store
from porch.store.sqlite import open_store
from porch.strategy.account import ServiceAccountStrategy
from porch.strategy.configmap import ConfigMapStrategy
from porch.strategy.event import EventStrategy
from porch.strategy.functionconfig import FunctionConfigStrategy
from porch.strategy.interface import Strategy
from porch.strategy.lease import LeaseStrategy
from porch.strategy.namespace import NamespaceStrategy
from porch.strategy.new_event import CORE_LABELS, NewEventStrategy
from porch.strategy.package import PackageStrategy
from porch.strategy.packagerevision import PackageRevisionStrategy
from porch.strategy.rbac import BindingStrategy, RoleStrategy
from porch.strategy.repository import RepositoryStrategy
from porch.strategy.resources import ResourcesStrategy
from porch.strategy.secret import SecretStrategy
from porch.task import Tasks
from porch.types import (
    ALL_KINDS,
    Kind,
    accounts,
    authentication,
    coordination,
    core,
    events,
    functionconfig,
    package,
    packagerevision,
    rbac,
    repository,
    resources,
)
from porch.types.base import know_all_types
from porch.webhooks import WebhookServer
from porch.workers import WorkerPool


class Controller(Protocol):
    async def run(self) -> None:
        """Works until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Standalone:
    """A server that has not started to listen yet, or does."""

    app: Front
    tls: Tls
    listener: socket.socket
    stopping: asyncio.Event
    controllers: Sequence[Controller]
    grace: float
    url: str

    async def run(self, ready: Callable[[], None]) -> None:
        """Serves until `stopping` is set."""
        working = [asyncio.create_task(controller.run()) for controller in self.controllers]
        try:
            await serve(self.app, self.listener, self.tls, self.stopping, grace=self.grace, ready=ready)
        finally:
            for task in working:
                task.cancel()


class Front:
    """Git users, webhooks and Kubernetes clients come to one port; the path tells them apart. At the end only the API
    answers: it sends everybody away.
    """

    def __init__(self, api: App, git: GitServer, webhooks: WebhookServer, stopping: asyncio.Event) -> None:
        self._api, self._git, self._webhooks, self._stopping = api, git, webhooks, stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" and not self._stopping.is_set() else ""
        if path.startswith("/git/"):
            await self._git(scope, receive, send)
        elif path.startswith("/webhooks/"):
            await self._webhooks(scope, receive, send)
        else:
            await self._api(scope, receive, send)

    def close(self) -> None:
        self._api.close()
        self._git.close()
        self._webhooks.close()


def build(settings: Settings, stack: ExitStack) -> Standalone:
    """Makes all parts; `stack` takes them apart again. Needs a running event loop, and the data directory locked."""
    know_all_types()
    check_git()
    listener = stack.enter_context(_listen(settings))
    url = settings.public_url.rstrip("/") or _own_url(settings, listener)
    pki = ensure_pki(settings.data_dir / "pki", _tls_names(settings))
    store = open_store(settings.data_dir / "porch.db")
    stack.callback(store.close)
    _keep_naming(settings, store)
    pools = _pools(settings, stack)

    parts = _Parts(settings, store, pools, Layout(settings.data_dir), url)
    write_kubeconfig(settings.data_dir / "kubeconfig", _own_url(settings, listener), pki)
    parts.recover()
    parts.upkeep.start()
    stack.callback(parts.upkeep.stop)
    stack.callback(parts.cache.close)

    stopping = asyncio.Event()
    tls = Tls(pki.server_cert, pki.server_key, pki.ca_cert)
    return Standalone(parts.front(stopping), tls, listener, stopping, parts.controllers(), settings.grace, url)


def _pools(settings: Settings, stack: ExitStack) -> Pools:
    memory = settings.render_memory_bytes
    pools = Pools(
        heavy=WorkerPool(settings.workers, settings.work_timeout),
        quick=WorkerPool(
            settings.render_workers, settings.render_timeout, memory=memory, large=_LARGE_RENDERER, idle=_PATIENCE
        ),
        patient=WorkerPool(settings.patient_workers, settings.patient_timeout, memory=memory, large=_LARGE_RENDERER),
    )
    for pool in (pools.heavy, pools.quick, pools.patient):
        stack.callback(pool.close)
    return pools


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.bind, settings.port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise BadRequest(f"cannot listen on {settings.bind}:{settings.port}: {error}; choose another --port") from error
    return listener


def _keep_naming(settings: Settings, store: Store) -> None:
    """The index holds names as they are returned: when the setting changed, it is made again."""
    path, naming = settings.data_dir / "naming", "dashed" if settings.dashed_names else "dotted"
    found = path.read_text() if path.exists() else None
    if found == naming:
        return
    if found is not None:
        store.drop_index()
    path.write_text(naming)


def _tls_names(settings: Settings) -> list[str]:
    public = urlsplit(settings.public_url).hostname
    return [settings.bind, *settings.tls_names, *([public] if public else [])]


def _own_url(settings: Settings, listener: socket.socket) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.bind, settings.bind)  # noqa: S104 - compared, not bound
    return f"https://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


class _Parts:
    """The rooms of one server, wired."""

    def __init__(self, settings: Settings, store: Store, pools: Pools, layout: Layout, url: str) -> None:
        """`url` is where clients reach this server."""
        workers = pools.heavy
        self._settings, self._layout, self._workers, self._url = settings, layout, workers, url
        self._store = store
        self._roles = RbacAuthorizer(StoredRoles(store))
        stored = _stored(store, file_repositories_below(settings.file_repositories))
        self.feed = WatcherManager(store)
        self._secrets = _SecretLookup(store)
        credentials = SecretCredentials(self._secrets)
        opener = GitOpener(
            layout=layout,
            workers=workers,
            credentials=credentials,
            file_repositories=settings.file_repositories,
            public_url=settings.public_url.rstrip("/"),
            dashed=settings.dashed_names,
            max_refs=settings.max_refs_per_push,
            timeout=settings.remote_timeout,
        )
        lanes = Lanes(settings.remote_concurrency, settings.remote_queue)
        self.cache = Cache(store, stored[str(repository.REPOSITORY.resource)], opener, lanes)
        self._upstreams = Upstreams(opener, lanes, url, settings.max_clone_bytes)
        self._operations = Operations(store)
        functions = ConfiguredFunctions(settings, store)
        renderer = Renderer(pools, functions.options)
        engine = Engine(
            store, self.cache, self._upstreams, Tasks(), workers, renderer, Verdicts(store), self._operations
        )
        self.upkeep = Upkeep(self.cache, layout, settings.history)
        packages = (PackageRevisions(engine), PackageRevisionResourcesStorage(engine), Packages(engine))
        reviews = review_storages(self._roles, _Resolver(packages))
        # Each object once, as it is kept: for those who care for objects of all kinds.
        self.kept: Mapping[str, ResourceStorage] = {**stored, str(packages[0].kind.resource): packages[0]}
        key = TokenKey(ensure_token_key(settings.data_dir / "pki" / "tokens.key"))
        self._account_tokens = AccountTokens(store, key, url)
        self._bearers = BearerTokens(_token_files(settings), self._account_tokens, url)
        self._events = Reshaped(
            stored[str(core.EVENT.resource)],
            NewEventStrategy(events.EVENT),
            Conversion(events.of_core, events.to_core, CORE_LABELS),
        )
        files = FollowedResources(engine)
        self._kept_as = {
            events.EVENT: KeptAs(str(core.EVENT.resource), self._events.shown),
            resources.PACKAGE_REVISION_RESOURCES: KeptAs(
                str(packages[0].kind.resource), files.shown, files.whole, files.is_same
            ),
        }
        self.storages: Mapping[str, ResourceStorage] = {
            str(storage.kind.resource): storage
            for storage in (*stored.values(), self._events, *packages, *reviews, token_reviews(self._bearers))
        }
        repositories = self.storages[str(repository.REPOSITORY.resource)]
        self._repositories = RepositoryController(
            self.cache,
            repositories,
            self.feed,
            EventRecorder(self.storages[str(core.EVENT.resource)], "porch"),
            interval=settings.sync_interval,
            public_url=url,
        )
        create_system_namespaces(self.storages[str(core.NAMESPACE.resource)])
        ensure_default_roles(self.storages)

    def recover(self) -> None:
        """After a crash or power cut: what was acknowledged is put back, what was interrupted is settled."""
        self._upstreams.clear()
        self.upkeep.replay()
        self.cache.settle(hosted_only=True)  # the others wait for their remotes; the controller asks them
        self.cache.reindex()
        self._operations.tell_interrupted()

    def controllers(self) -> list[Controller]:
        """Clients of the API like any other, beside the requests."""
        recorded = self.storages[str(core.EVENT.resource)]
        return [
            self._repositories,
            AccountController(self.kept, self.feed),
            GarbageCollector(self.kept, self.feed, self.cache.is_complete),
            NamespaceController(self.kept, self.feed, self.cache.close_repository),
            EventRetention(recorded, self._settings.event_ttl),
        ]

    def front(self, stopping: asyncio.Event) -> Front:
        settings = self._settings
        authenticator = Impersonation(AuthenticatorChain(self._bearers), self._roles)
        documents: list[Documents] = [
            Paths(ALL_KINDS),
            Discovery(ALL_KINDS),
            OpenApi(ALL_KINDS),
            health(self._store, self.feed, stopping),
            Version(),
            Metrics(),
        ]
        api = App(
            self._resources(),
            self.feed,
            authenticator=authenticator,
            authorizer=self._roles,
            documents=documents,
            stopping=stopping,
        )
        spool = settings.data_dir / "spool"
        spool.mkdir(mode=0o700, exist_ok=True)
        hosted = HostedFromCache(
            self.cache, self.storages[str(repository.REPOSITORY.resource)], self._layout, self.upkeep
        )
        limits = GitLimits(push_bytes=settings.max_push_bytes)
        git = GitServer(hosted, authenticator, self._roles, spool, limits)
        hooks = HooksFromCache(self.cache, self._secrets, self._repositories.poke)
        return Front(api, git, WebhookServer(hooks), stopping)

    def _resources(self) -> list[Resource]:
        resource_files = str(resources.PACKAGE_REVISION_RESOURCES.resource)
        return [
            Resource(
                kind=kind,
                storage=self.storages[str(kind.resource)],
                strategy=_STRATEGIES.get(kind, Strategy)(kind),
                cheap_reads=kind not in {resources.PACKAGE_REVISION_RESOURCES, events.EVENT},
                workers=self._workers,
                max_body=self._settings.max_package_bytes
                if str(kind.resource) == resource_files
                else self._settings.max_body_bytes,
                parts=self._parts_of(kind),
                kept_as=self._kept_as.get(kind),
            )
            for kind in ALL_KINDS
        ]

    def _parts_of(self, kind: Kind) -> Mapping[str, Resource]:
        if kind is not accounts.SERVICE_ACCOUNT:
            return {}
        request = authentication.TOKEN_REQUEST
        storage = TokenRequests(self._account_tokens, self._settings.token_seconds)
        return {"token": Resource(request, storage, Strategy(request))}


def _token_files(settings: Settings) -> Tokens:
    own = settings.data_dir / "tokens.csv"
    ensure_token_file(own)
    return Tokens([own, *([Path(settings.token_file).expanduser()] if settings.token_file else [])])


_PATIENCE = 900.0
"""Seconds that a process which renders waits for more: people think between two saves."""
_LARGE_RENDERER = 200 * 1024 * 1024
"""What a process for rendering may keep of parsed files."""
_STRATEGIES: Mapping[Kind, type[Strategy]] = {
    core.NAMESPACE: NamespaceStrategy,
    core.SECRET: SecretStrategy,
    core.CONFIG_MAP: ConfigMapStrategy,
    core.EVENT: EventStrategy,
    accounts.SERVICE_ACCOUNT: ServiceAccountStrategy,
    events.EVENT: NewEventStrategy,
    coordination.LEASE: LeaseStrategy,
    rbac.ROLE: RoleStrategy,
    rbac.CLUSTER_ROLE: RoleStrategy,
    rbac.ROLE_BINDING: BindingStrategy,
    rbac.CLUSTER_ROLE_BINDING: BindingStrategy,
    repository.REPOSITORY: RepositoryStrategy,
    functionconfig.FUNCTION_CONFIG: FunctionConfigStrategy,
    packagerevision.PACKAGE_REVISION: PackageRevisionStrategy,
    resources.PACKAGE_REVISION_RESOURCES: ResourcesStrategy,
    package.PORCH_PACKAGE: PackageStrategy,
}
_MORE_CHECKS: Mapping[Kind, tuple[Check, ...]] = {
    rbac.ROLE: (check_role,),
    rbac.CLUSTER_ROLE: (check_role,),
    rbac.ROLE_BINDING: (check_binding,),
    rbac.CLUSTER_ROLE_BINDING: (check_binding,),
    repository.REPOSITORY: (repository_conflicts,),
}


def _stored(store: Store, file_repositories: Check) -> dict[str, ResourceStorage]:
    """The kinds whose objects lie in the store as they are."""
    kinds = (
        core.NAMESPACE,
        core.SECRET,
        core.CONFIG_MAP,
        core.EVENT,
        accounts.SERVICE_ACCOUNT,
        coordination.LEASE,
        rbac.ROLE,
        rbac.CLUSTER_ROLE,
        rbac.ROLE_BINDING,
        rbac.CLUSTER_ROLE_BINDING,
        repository.REPOSITORY,
        functionconfig.FUNCTION_CONFIG,
    )
    storages: dict[str, ResourceStorage] = {}
    for kind in kinds:
        checks = (*((namespace_exists(kind),) if kind.namespaced else ()), *_MORE_CHECKS.get(kind, ()))
        checks += (file_repositories,) if kind is repository.REPOSITORY else ()
        deletion = (system_namespaces_stay,) if kind is core.NAMESPACE else ()
        storages[str(kind.resource)] = StoredObjects(store, _STRATEGIES[kind](kind), checks, deletion)
    return storages


class _SecretLookup:
    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, namespace: str, name: str) -> core.Secret | None:
        with self._store.read() as reads:
            found = reads.versions.get(ObjectKey(str(core.SECRET.resource), namespace, name))
        if found is None:
            return None
        secret: core.Secret = core.SECRET.decode(found.version, found.tail)
        return secret


class _Resolver:
    """Access reviews name package revisions in either spelling, as requests do."""

    def __init__(self, storages: tuple[ResourceStorage, ...]) -> None:
        self._storages = {(storage.kind.group, storage.kind.plural): storage for storage in storages}

    def __call__(self, group: str, resource: str, namespace: str, name: str) -> str:
        storage = self._storages.get((group, resource))
        return storage.resolve(namespace, name) if storage is not None else name

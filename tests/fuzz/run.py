"""One run: a server with the pool's objects, cases sent over a few connections at once, everything noted."""

from __future__ import annotations

import json
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.fuzz import memory, pool
from tests.fuzz.cases import Case, Cases
from tests.fuzz.client import Client, Outcome
from tests.fuzz.samples import SAMPLES, STANDING
from tests.fuzz.verdict import Violation, judge
from tests.support.server import CORE, Server
from tests.support.server import Client as Plain
from tests.wire.space import REVISIONS, Space, repository, revision

CLIENTS = 4
_BATCH = 200
RBAC = "/apis/rbac.authorization.k8s.io/v1"


@dataclass
class Notes:
    """What a run has found."""

    seed: int
    cases: int = 0
    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    samples: list[memory.Sample] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What the server's log has of its own faults."""

    def note(self, case: Case, outcome: Outcome) -> None:
        self.cases += 1
        self.statuses[str(outcome.status)] += 1
        self.labels[f"{case.label}: {outcome.status}"] += 1
        if isinstance(outcome.status, int):
            self.latencies.append(outcome.seconds)
            self.slowest = max(self.slowest, (outcome.seconds, f"case {case.number}, {case.label}"))
        if violation := judge(case, outcome):
            self.violations.append(violation)

    @property
    def slope(self) -> float:
        """After the first quarter, in which caches fill and workers start."""
        return memory.slope([sample for sample in self.samples if sample[0] >= self.cases / 4])


class Run:
    """Cases against one running server."""

    def __init__(self, server: Server, admin: Plain, seed: int) -> None:
        address = urlsplit(server.url)
        assert address.hostname is not None
        assert address.port is not None
        self._server = server
        self._seen = pool.Seen()
        self._admin = admin
        pair = server.home / "fuzz-admin.pem"
        user = json.loads(server.kubeconfig.read_text())["users"][0]["user"]
        self._clients = [
            Client((address.hostname, address.port), _context(server, pair, user), _context(server), self._seen)
            for _ in range(CLIENTS)
        ]
        self.cases = Cases(_documents(self._admin), seed, self._seen)
        self.notes = Notes(seed)

    def go(self, count: int) -> Notes:
        begun = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as threads:
            for start in range(0, count, _BATCH):
                self._tend()
                self._sample()
                numbers = range(start, min(start + _BATCH, count))
                lanes = [numbers[lane::CLIENTS] for lane in range(CLIENTS)]
                for noted in threads.map(self._lane, self._clients, lanes):
                    for case, outcome in noted:
                        self.notes.note(case, outcome)
                if self._server.process.poll() is not None:
                    self.notes.faults.append(f"the server has ended with {self._server.process.poll()}")
                    break
        self._sample()
        self.notes.seconds = time.monotonic() - begun
        self.notes.faults += _faults(self._server.log)
        return self.notes

    def replay(self, payload: bytes) -> Notes:
        """One recorded request, on a server that has only the pool's objects."""
        self._tend()
        case = Case(0, "replay", payload, payload.partition(b" ")[0].decode("latin-1"))
        self.notes.note(case, self._clients[0].send(case))
        self.notes.faults += _faults(self._server.log)
        return self.notes

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _lane(self, client: Client, numbers: range) -> list[tuple[Case, Outcome]]:
        return [(case, client.send(case)) for case in map(self.cases.case, numbers)]

    def _sample(self) -> None:
        self.notes.samples.append((self.notes.cases, memory.resident(self._server.process.pid)))

    def _tend(self) -> None:
        """Makes again what cases have deleted, as far as it can be had. Not counted as cases."""
        for namespace in pool.NAMESPACES:
            self._admin.send("POST", f"{CORE}/namespaces", {"metadata": {"name": namespace}})
            space = Space(self._server, namespace, self._admin)
            for name, address in zip(pool.REPOSITORIES, pool.ADDRESSES, strict=False):
                self._admin.send("POST", space.path("repositories"), repository(name, address))
            for package in pool.PACKAGES[:2]:
                self._admin.send("POST", space.path(REVISIONS), revision(package, "v1", "blue"))
            for plural in STANDING:
                for name in pool.NAMES[:2]:
                    root = RBAC if plural.startswith("role") else CORE
                    path = f"{root}/namespaces/{namespace}/{plural}"
                    self._admin.send("POST", path, SAMPLES[plural] | {"metadata": {"name": name}})


@contextmanager
def running(directory: Path, seed: int) -> Iterator[Run]:
    """A fresh server in this directory, with the pool's users."""
    with Server(directory / "data") as server:
        with (server.data / "tokens.csv").open("a") as file:
            file.writelines(f'{token},{token},{token},"{group}"\n' for token, group in pool.TOKENS.items())
        with server.client() as admin:
            run = Run(server, admin, seed)
            try:
                yield run
            finally:
                run.close()


def _context(server: Server, pair: Path | None = None, user: dict[str, str] | None = None) -> ssl.SSLContext:
    import base64

    context = ssl.create_default_context(cafile=str(server.ca))
    if pair is not None and user is not None:
        parts = (user["client-certificate-data"], user["client-key-data"])
        pair.write_bytes(b"".join(map(base64.b64decode, parts)))
        context.load_cert_chain(pair)
    return context


def _documents(admin: Plain) -> list[dict[str, object]]:
    paths = admin.send("GET", "/openapi/v3").json()["paths"]
    return [admin.send("GET", entry["serverRelativeURL"]).json() for entry in paths.values()]


def _faults(log: Path) -> list[str]:
    """Lines of the log that tell of a fault of ours: there must be none, whatever was answered."""
    lines = log.read_text(errors="replace").splitlines()
    return [line[:6000] for line in lines if "unexpected error" in line or "Traceback (most recent" in line]

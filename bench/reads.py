"""GET, and pages of a LIST: plain, compressed, and with selectors that leave much or little."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from bench.measure import Figure, figures, sample
from bench.server import API, Client, Server
from bench.stored import Stored
from bench.writes import rate

PLAIN = f"{API}/packagerevisions?limit=500"
_GZIP = {"Accept-Encoding": "gzip"}
_ONE = "repo-000.area-0.package-0000.ws-1"


def reads(stored: Stored, count: int = 2000) -> list[Figure]:
    """Beside the largest number of package revisions."""
    with Server(stored.largest.directory) as server:
        client = server.client()
        path, files = f"{API}/packagerevisions/{_ONE}", f"{API}/packagerevisionresources/{_ONE}"
        for _ in range(50):
            client.get(path)
            client.get(files)
        return [
            *figures("GET packagerevision", sample(lambda: client.get(path), count), p50=1.5),
            *figures("GET packagerevisionresources", sample(lambda: client.get(files), count), p50=3),
            Figure("GET packagerevision, 8 clients", rate(server, _keep_getting), "/s", 1500, more_is_better=True),
        ]


def _keep_getting(kubeconfig: Path, _: int, stop: multiprocessing.synchronize.Event, done: object) -> None:
    client = Client(kubeconfig)
    while not stop.is_set():
        for _ in range(20):
            client.get(f"{API}/packagerevisions/{_ONE}")
        with done.get_lock():  # type: ignore[attr-defined]
            done.value += 20  # type: ignore[attr-defined]


def lists(stored: Stored, count: int = 60) -> list[Figure]:
    """Pages of 500 of the largest number. The goals for a whole page hold for a selective one, too; compressing may
    take ten milliseconds more.
    """
    found: list[Figure] = []
    with Server(stored.largest.directory) as server:
        client = server.client()
        for name, path, headers, p50, p99 in _pages(stored):
            for _ in range(3):
                client.get(path, headers)
            taken = sample(lambda path=path, headers=headers: client.get(path, headers), count)  # type: ignore[misc]
            found += figures(f"LIST page of 500, {name}", taken, p50=p50, p99=p99)
    return found


def _pages(stored: Stored) -> Sequence[tuple[str, str, dict[str, str], float, float | None]]:
    def fields(text: str) -> str:
        return f"{PLAIN}&fieldSelector={quote(text)}"

    def labels(text: str) -> str:
        return f"{PLAIN}&labelSelector={quote(text)}"

    of_one = fields("spec.repository=repo-000") if stored.largest.size.repositories > 1 else PLAIN
    kptfile = "spec.packageMetadata.labels[share-1]"
    return [
        ("plain", PLAIN, {}, 15, 50),
        ("gzip", PLAIN, _GZIP, 25, None),
        ("field selector, one repository", of_one, {}, 15, 50),
        ("field selector, 1 %", fields(f"{kptfile}=true"), {}, 15, 50),
        ("label selector, 1 %", labels("share-1=true"), {}, 15, 50),
        ("label selector, 1 %, gzip", labels("share-1=true"), _GZIP, 25, None),
        ("label selector, 10 %", labels("share-10"), {}, 150, None),
        ("label selector, 50 %", labels("share-50"), {}, 150, None),
        ("unselective label selector, 99 %", labels("share-99"), {}, 150, None),
        ("negative label selector, 99 %", labels("!share-1"), {}, 150, None),
        ("negative label selector, 1 %", labels("!share-99"), {}, 150, None),
        ("negative field selector", fields("spec.lifecycle!=Published"), {}, 150, None),
        ("two selectors", labels("share-50,share-10"), {}, 150, None),
    ]

"""The same operations beside 1 000, 10 000 and 100 000 package revisions: three servers, sampled in turn in one run.

A noisy machine is noisy for all three alike, so each round gives ratios, and their median is what is reported.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

from bench.measure import Figure, percentile
from bench.server import API, Client, Server, numbers, revision
from bench.stored import Stored

_STORED = "repo-000.area-0.package-0000.ws-1"
_GOAL = 1.5


class _Side:
    """One server, and package revisions of its own for whatever changes something."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._name = ""
        self._files: dict[str, object] = {}

    def create(self) -> None:
        body = revision("repo-000", f"area-0/sized-{next(numbers)}")
        self._name = str(self._client.request("POST", f"{API}/packagerevisions", body)["metadata"]["name"])

    def get(self) -> None:
        self._client.get(f"{API}/packagerevisions/{_STORED}")

    def resources(self) -> None:
        self._files = self._client.request("GET", f"{API}/packagerevisionresources/{self._name}")

    def save(self) -> None:
        self._files["spec"]["resources"]["notes.txt"] = "a new file\n"  # type: ignore[index]
        self._client.request("PUT", f"{API}/packagerevisionresources/{self._name}", self._files)

    def page(self) -> None:
        self._client.get(f"{API}/packagerevisions?limit=500")

    def page_of_a_label(self) -> None:
        self._client.get(f"{API}/packagerevisions?limit=5&labelSelector=share-1")

    def page_of_all_but_a_label(self) -> None:
        self._client.get(f"{API}/packagerevisions?limit=500&labelSelector=!share-1")

    def delete(self) -> None:
        self._client.request("DELETE", f"{API}/packagerevisions/{self._name}")


_OPERATIONS: dict[str, Callable[[_Side], None]] = {
    "create": _Side.create,
    "GET": _Side.get,
    "GET resources": _Side.resources,
    "save": _Side.save,
    "LIST page of 500": _Side.page,
    "LIST page of 5 with a label of 1 %": _Side.page_of_a_label,
    "LIST page of 500 without a label of 1 %": _Side.page_of_all_but_a_label,
    "delete": _Side.delete,
}


def sizes(stored: Stored, rounds: int = 80) -> list[Figure]:
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(stored.get(size).directory)) for size in stored.sizes]
        sides = [_Side(server.client()) for server in servers]
        taken: dict[str, list[list[float]]] = {name: [] for name in _OPERATIONS}
        for number in range(rounds + 3):
            for name, operation in _OPERATIONS.items():
                row = _in_turn(sides, operation, number % len(sides))
                if number >= 3:  # the first rounds open what stays open
                    taken[name].append(row)
    return [figure for name, rows in taken.items() for figure in _figures(name, rows, stored.sizes)]


def _in_turn(sides: list[_Side], operation: Callable[[_Side], None], first: int) -> list[float]:
    """Seconds for each side; another one begins each time."""
    seconds = [0.0] * len(sides)
    for offset in range(len(sides)):
        index = (first + offset) % len(sides)
        started = time.perf_counter()
        operation(sides[index])
        seconds[index] = time.perf_counter() - started
    return seconds


def _figures(name: str, rows: list[list[float]], sizes: tuple[int, ...]) -> list[Figure]:
    found = [
        Figure(f"{name} beside {size}, p50", percentile([row[index] for row in rows], 0.5) * 1000)
        for index, size in enumerate(sizes)
    ]
    for index, size in enumerate(sizes[1:], 1):
        ratio = percentile([row[index] / row[0] for row in rows], 0.5)
        found.append(Figure(f"{name}, {size} against {sizes[0]}, median of ratios", ratio, "x", goal=_GOAL))
    return found

"""Saves of packages with functions: through the API, and in a worker process alone.

A save changes one file of a package that was rendered before, and sends all of it, as clients do; an unchanged one
sends what is there.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import Figure, figures, percentile, sample
from bench.pipelines import FIVE, STARLARK, TEN, Functions, pipeline, resources
from bench.server import API, Client, Server, register, revision
from porch.render import Rendered, RenderOptions, render
from porch.workers import WorkerPool

_REVISIONS, _RESOURCES = f"{API}/packagerevisions", f"{API}/packagerevisionresources"
_KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: shop\n"
_MARK = "example.com/mark: "
_NICENESS = 10
_OPTIONS = RenderOptions()


def _marked(text: str, number: int) -> str:
    before, _, after = text.partition(_MARK)
    return before + f'{_MARK}"{number}"\n' + after.partition("\n")[2]


class Package:
    """A draft of so many resources; whoever saves it says how long that took."""

    def __init__(self, client: Client, name: str, count: int, functions: Functions) -> None:
        self._client, self._marks = client, itertools.count()
        made = client.request("POST", _REVISIONS, revision("hosted", name))
        self._path = f"{_RESOURCES}/{made['metadata']['name']}"
        self._sent = client.request("GET", self._path)
        self._files: dict[str, str] = self._sent["spec"]["resources"]
        self._files["Kptfile"] += pipeline(functions)
        self._files |= resources(count)
        self.first = self._put()

    def change_one(self) -> float:
        """Seconds of a save in which one file is another than before."""
        mark = next(self._marks)
        path = f"app-{mark % (len(self._files) - 5)}.yaml"
        self._files[path] = _marked(self._files[path], mark)
        return self._put()

    def change_nothing(self) -> float:
        return self._put()

    def _put(self) -> float:
        body = json.dumps(self._sent).encode()
        started = time.perf_counter()
        status, answer = self._client.raw("PUT", self._path, body)
        taken = time.perf_counter() - started
        if status != 200:
            raise RuntimeError(f"PUT {self._path}: {status} {answer[:2000]!r}")
        self._sent = json.loads(answer)
        self._files = self._sent["spec"]["resources"]
        return taken


def saves(server: Server) -> list[Figure]:
    client = server.client()
    register(client, "hosted", "hosted:///hosted")
    found = []
    for count, functions, goals, rounds in ((50, FIVE, (80, 5), 60), (500, TEN, (400, 10), 10)):
        what = f"{count} resources and {len(functions)} functions"
        package = Package(client, f"saved-{count}", count, functions)
        package.change_one()
        before = server.cpu() + server.cpu_of_workers()
        changed = [package.change_one() for _ in range(rounds)]
        used = server.cpu() + server.cpu_of_workers() - before
        unchanged = [package.change_nothing() for _ in range(rounds)]
        found += [
            Figure(f"{what}: first save", package.first * 1000),
            *figures(f"{what}: changed save", changed, p50=goals[0]),
            Figure(f"{what}: changed save, processor time", used / rounds * 1000),
            *figures(f"{what}: unchanged save", unchanged, p50=goals[1]),
        ]
    script = Package(client, "script", 100, STARLARK)
    found += figures("100 resources and a script: changed save", [script.change_one() for _ in range(30)])
    found.append(Figure("largest worker after that", server.largest_worker(), "MB", goal=200))
    return found


# --- in a worker alone


def _files(count: int, functions: Functions) -> dict[str, bytes]:
    texts = {"Kptfile": _KPTFILE + pipeline(functions)} | resources(count)
    return {path: text.encode() for path, text in texts.items()}


def _edits(files: dict[str, bytes]) -> Iterator[dict[str, bytes]]:
    """The files again and again, each time with another one changed."""
    paths = [path for path in files if _MARK.encode() in files[path]]
    for number in itertools.count():
        path = paths[number % len(paths)]
        files = {**files, path: _marked(files[path].decode(), number).encode()}
        yield files


def workers(_: Path) -> list[Figure]:
    found = cold()
    pool = WorkerPool(1, 60)
    try:
        for count, functions, rounds in ((50, FIVE, 40), (500, TEN, 6)):
            taken = [seconds for seconds, _ in _renders(pool, count, functions, rounds)]
            found += figures(f"a render of {count} resources and {len(functions)} functions, in a warm worker", taken)
        steps = [rendered.steps[0].duration for _, rendered in _renders(pool, 100, STARLARK, 30)]
        found += figures("starlark over 100 resources, its own time", steps, p50=30)
        for number in range(8):  # whole packages that the worker has not seen
            pool.run(render, _unseen(number), _OPTIONS)
        found.append(Figure("the worker after all of these renders", _resident(pool), "MB", goal=200))
    finally:
        pool.close()
    return found


def cold() -> list[Figure]:
    """From the request to the answer of a process that does not exist yet."""
    files, taken = _files(50, FIVE), []
    for _ in range(5):
        pool = WorkerPool(1, 60)
        taken += sample(lambda pool=pool: _good(pool.run(render, files, _OPTIONS)), 1)  # type: ignore[misc]
        pool.close()
    return [Figure("first render of a worker that is not there yet, p50", percentile(taken, 0.5) * 1000, goal=300)]


def _renders(pool: WorkerPool, count: int, functions: Functions, rounds: int) -> list[tuple[float, Rendered]]:
    """Seconds and result of renders of what was rendered before, but for one file."""
    files = dict(_good(pool.run(render, _files(count, functions), _OPTIONS)).files)
    found = []
    for edited in itertools.islice(_edits(files), rounds):
        started = time.perf_counter()
        rendered = _good(pool.run(render, edited, _OPTIONS))
        found.append((time.perf_counter() - started, rendered))
    return found


def _unseen(number: int) -> dict[str, bytes]:
    texts = {"Kptfile": _KPTFILE + pipeline(TEN)} | resources(200, f"package {number}")
    return {path: text.encode() for path, text in texts.items()}


def _good(rendered: Rendered) -> Rendered:
    if rendered.problems:
        raise RuntimeError(str(rendered.problems))
    return rendered


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _resident(pool: WorkerPool) -> float:
    return pool.run(_memory) / 1024**2


# --- beside readers


def loaded(server: Server, seconds: float = 12.0) -> list[Figure]:
    """GET while eight clients save packages with functions."""
    client = server.client()
    register(client, "hosted", "hosted:///hosted")
    read = client.request("POST", _REVISIONS, revision("hosted", "read"))["metadata"]["name"]
    stop, saved = multiprocessing.Event(), multiprocessing.Value("i", 0)
    kubeconfig = server.directory / "kubeconfig"
    load = [multiprocessing.Process(target=_keep_saving, args=(kubeconfig, n, stop, saved)) for n in range(8)]
    for process in load:
        process.start()
    taken: list[float] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        taken += sample(lambda: client.raw("GET", f"{_REVISIONS}/{read}"), 10)
        time.sleep(0.01)
    stop.set()
    for process in load:
        process.join(60)
    return [
        *figures("GET beside 8 rendering clients", taken, p99=20),
        Figure("saves meanwhile, 8 clients", saved.value / seconds, "/s", more_is_better=True),
    ]


def _keep_saving(kubeconfig: Path, number: int, stop: Any, saved: Any) -> None:
    os.nice(_NICENESS)
    package = Package(Client(kubeconfig), f"load-{number}", 50, FIVE)
    while not stop.is_set():
        package.change_one()
        with saved.get_lock():
            saved.value += 1

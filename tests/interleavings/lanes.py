"""`python -m tests.interleavings.lanes --seed S --count N`: many interleavings of renders and approvals.

Several run at a time; every 200 get a server of their own. What was reached is written to
results/rendering.md after each of them.
"""

from __future__ import annotations

import argparse
import queue
import random
import shutil
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.interleavings.programs import Program
from tests.interleavings.rendering import Lane
from tests.interleavings.world import World
from tests.scenario.running import Json, Porch, register
from tests.support.githttp import GitHttp, git

OF_A_SERVER = 200
LANES = 4
KILLS = 0.02
RESULTS = Path(__file__).parent / "results" / "rendering.md"
_CONFIGS = "/apis/config.porch.kpt.dev/v1alpha1/namespaces/porch-fn-system/functionconfigs"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.interleavings.lanes", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--kills", type=float, default=KILLS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.count} interleavings", flush=True)
    codes: Counter[str] = Counter()
    started = time.monotonic()
    for first in range(0, options.count, OF_A_SERVER):
        last = min(first + OF_A_SERVER, options.count)
        directory = Path(tempfile.mkdtemp(prefix="porch-interleavings-"))
        codes += on_one_server(directory, range(options.seed + first, options.seed + last), kills=options.kills)
        shutil.rmtree(directory)  # after a violation it stays, for whoever looks into it
        options.results.write_text(report(options.seed, last, codes, time.monotonic() - started))
        print(f"{last} done in {time.monotonic() - started:.0f} s", flush=True)
    print(options.results.read_text())


def on_one_server(root: Path, seeds: range, *, lanes: int = LANES, kills: float = KILLS) -> Counter[str]:
    """One interleaving for each seed, as many at a time as there are lanes. The first violation is raised."""
    (root / "remote").mkdir(parents=True)
    (root / "functions").mkdir()
    porch = Porch(root / "data", "--sync-interval", "3600", "--function-dir", str(root / "functions"))
    with GitHttp(root / "remote") as remote:
        try:
            register(porch.launch(), "here", "hosted:///here")
            register(porch.api, "there", remote.create("there"))
            world = World(porch, {"here": porch.hosted("default", "here"), "there": remote.path("there")})
            porch.api.do("POST", "/api/v1/namespaces", {"metadata": {"name": "porch-fn-system"}})
            made = [_lane(world, root, number) for number in range(lanes)]
            return _work(made, seeds, kills)
        finally:
            porch.end()


def _lane(world: World, root: Path, number: int) -> Lane:
    """Each has its own function. Those with odd numbers work in a repository behind a network."""
    name = f"lane{number}"
    program = Program(root / "functions" / name, root / name)
    world.porch.api.do("POST", _CONFIGS, _function_config(name))
    return Lane(world, "there" if number % 2 else "here", program)


def _function_config(name: str) -> Json:
    return {
        "apiVersion": "config.porch.kpt.dev/v1alpha1",
        "kind": "FunctionConfig",
        "metadata": {"name": name},
        "spec": {"image": name, "prefixes": ["example.com"], "binaryExecutor": {"tags": ["v1"], "path": name}},
    }


def _work(lanes: list[Lane], seeds: range, kills: float) -> Counter[str]:
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for seed in seeds:
        waiting.put(seed)
    failed = threading.Event()

    def work(lane: Lane) -> None:
        with suppress(queue.Empty):
            while not failed.is_set():
                seed = waiting.get_nowait()
                try:
                    lane.run(seed, kills=kills)
                except BaseException:
                    failed.set()
                    raise
                lane.codes["interleaving done"] += 1

    with ThreadPoolExecutor(len(lanes)) as pool:
        futures = [pool.submit(work, lane) for lane in lanes]
    for future in futures:
        future.result()
    for lane in lanes:
        lane.close()
    _check_left(lanes[0].world)
    return sum((lane.codes for lane in lanes), Counter())


def _check_left(world: World) -> None:
    """What all of them together leave behind."""
    for truth in world.truths.values():
        git("fsck", "--full", "--strict", "--no-dangling", cwd=truth)
    with sqlite3.connect(world.porch.data / "porch.db", timeout=20) as db:
        assert db.execute("SELECT count(*) FROM operations").fetchone() == (0,), "operations without an end"


def report(seed: int, count: int, codes: Counter[str], seconds: float) -> str:
    lines = [
        "# The last long run of `make interleavings-rendering`",
        "",
        (
            f"Seed {seed}, {count} interleavings in {seconds:.0f} s, {OF_A_SERVER} on each server, {LANES} at a time. "
            "Nothing was published that was not rendered, no refusal changed anything, no save was lost."
        ),
        "",
        "| what | how often |",
        "|---|---|",
    ]
    for kind in sorted({key.rpartition(" ")[0] for key in codes}):
        found = sorted((key.rpartition(" ")[2], many) for key, many in codes.items() if key.rpartition(" ")[0] == kind)
        lines.append(f"| {kind} | {', '.join(f'{many} x {code}' for code, many in found)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()

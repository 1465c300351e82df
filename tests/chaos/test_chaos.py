"""The short run of the chaos harness; `make chaos` is the long one."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.harness import Chaos

SEED = 4
POINTS = ["pushed", "committed"]


def test_clients_find_what_they_were_told_after_sudden_deaths(tmp_path: Path) -> None:
    with Chaos(tmp_path, SEED) as chaos:
        chaos.run(3, POINTS)
        assert chaos.rounds == 3
        assert chaos.reached.total() >= 2

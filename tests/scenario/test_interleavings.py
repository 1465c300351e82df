"""Clients with old copies of everything, and people with git, in an order drawn from a seed, against a model.

`python -m tests.interleavings --seed S --steps N` runs longer ones.
"""

from __future__ import annotations

import pytest

from tests.interleavings.run import Interleaving
from tests.scenario.conftest import Make
from tests.scenario.running import register
from tests.support.githttp import GitHttp


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_comes_of_each_request_is_what_the_model_says(make: Make, remote: GitHttp, seed: int) -> None:
    porch = make("--sync-interval", "3600")
    register(porch.launch(), "here", "hosted:///here")
    register(porch.api, "there", remote.create("there"))
    truths = {"here": porch.hosted("default", "here"), "there": remote.path("there")}
    Interleaving(porch.api, truths, seed).run(120)

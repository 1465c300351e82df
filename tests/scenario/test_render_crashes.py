"""The server dies while it publishes what it had to render again: nothing is half published, and nothing is forgotten.

The function is a program, so what the approval renders runs outside of the server.
"""

from __future__ import annotations

import signal
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, REVISIONS, Lost, Porch, register, synchronise
from tests.scenario.test_long_renders import CONFIGS, IMAGE, forget_verdicts, function_config
from tests.scenario.test_rendering import MAP, create, move, mutator, save
from tests.support.githttp import git


@pytest.fixture
def porch(make: Make, tmp_path: Path) -> Porch:
    (tmp_path / "functions").mkdir()
    program = tmp_path / "functions" / "waiting"
    program.write_text("#!/bin/sh\nexec sed 's/a: b/a: c/'\n")
    program.chmod(0o755)
    porch = make("--sync-interval", "3600", "--function-dir", str(tmp_path / "functions"))
    register(porch.launch(), "here", "hosted:///here")
    porch.api.do("POST", "/api/v1/namespaces", {"metadata": {"name": "porch-fn-system"}})
    porch.api.do("POST", CONFIGS, function_config(["v1"]))
    return porch


@pytest.mark.parametrize("fault", ["planned", "intent-recorded", "ref-moved", "pushed", "indexed"])
def test_a_death_while_what_was_rendered_again_is_published(porch: Porch, fault: str) -> None:
    name = create(porch.api, "web")
    assert save(porch.api, name, map_yaml=MAP, pipeline=mutator(IMAGE)).code == 200
    assert move(porch.api, name, "Proposed").code == 200
    proposed = porch.api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"]
    assert "a: c" in proposed["map.yaml"]
    porch.end(signal.SIGTERM)  # so that the next start has nothing to replay
    forget_verdicts(porch)
    porch.launch(fault)
    with suppress(Lost):
        move(porch.api, name, "Published", approval=True)
    assert porch.died() == signal.SIGKILL
    api = porch.launch()
    synchronise(api, "here")
    found = api.do("GET", f"{REVISIONS}/{name}")
    refs = git("for-each-ref", "--format=%(refname)", cwd=porch.hosted("default", "here")).split()
    published = found["spec"]["lifecycle"] == "Published"
    assert ("refs/tags/web/v1" in refs, "refs/heads/proposed/web/v1" in refs) == (published, not published)
    if not published:
        assert move(api, name, "Published", approval=True).code == 200
    shown = api.do("GET", f"{RESOURCES}/{name}")
    assert shown["spec"]["resources"] == proposed
    with sqlite3.connect(porch.data / "porch.db", timeout=20) as db:
        tree = git("rev-parse", "refs/tags/web/v1:web", cwd=porch.hosted("default", "here"))
        kept = db.execute("SELECT succeeded FROM verdicts WHERE tree = ?", [tree]).fetchall()
        assert kept == [(1,)] or published, "who publishes notes what was rendered"
        assert db.execute("SELECT count(*) FROM operations").fetchone() == (0,)

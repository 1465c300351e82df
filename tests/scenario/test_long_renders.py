"""Renders that outlive their requests: told of, watched, stopped, and never the way past the rule that only what was
rendered is published.

The functions are programs that wait for a file, so that each test decides when they end.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Json, Porch, register, synchronise
from tests.scenario.test_rendering import MAP, create, move, mutator, save
from tests.support.githttp import git

CONFIGS = "/apis/config.porch.kpt.dev/v1alpha1/namespaces/porch-fn-system/functionconfigs"
IMAGE = "example.com/waiting:v1"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """While this file is there, the function `waiting` ends."""
    return tmp_path / "gate"


@pytest.fixture
def porch(make: Make, tmp_path: Path, gate: Path) -> Porch:
    functions = tmp_path / "functions"
    functions.mkdir()
    program = functions / "waiting"
    program.write_text(f"#!/bin/sh\nuntil test -e {gate}; do sleep 0.05; done\nexec cat\n")
    program.chmod(0o755)
    porch = make("--sync-interval", "3600", "--function-dir", str(functions))
    register(porch.launch(), "here", "hosted:///here")
    porch.api.do("POST", "/api/v1/namespaces", {"metadata": {"name": "porch-fn-system"}})
    porch.api.do("POST", CONFIGS, function_config(["v1"]))
    return porch


def function_config(tags: list[str]) -> Json:
    return {
        "apiVersion": "config.porch.kpt.dev/v1alpha1",
        "kind": "FunctionConfig",
        "metadata": {"name": "waiting"},
        "spec": {
            "image": "waiting",
            "prefixes": ["example.com"],
            "binaryExecutor": {"tags": tags, "path": "waiting"},
        },
    }


def impatient(api: Api, name: str) -> Answer:
    """A save whose client waits for two seconds only."""
    current = api.do("GET", f"{RESOURCES}/{name}")
    current["spec"]["resources"] |= {"map.yaml": MAP}
    current["spec"]["resources"]["Kptfile"] += f"pipeline:\n{mutator(IMAGE)}"
    return api.send("PUT", f"{RESOURCES}/{name}?timeout=2s", current)


def rendering(obj: Json) -> Json:
    conditions = obj.get("status", {}).get("conditions", [])
    return next((item for item in conditions if item["type"] == "Rendering"), {})


def test_a_save_goes_on_when_its_client_has_lost_patience(porch: Porch, gate: Path) -> None:
    api = porch.api
    name = create(api, "web")
    before = commit_of(api.do("GET", f"{REVISIONS}/{name}"))
    with api.watch() as watch:
        answer = impatient(api, name)
        assert answer.code == 504, answer.text
        assert answer.reason == "Timeout"
        assert "goes on as operation" in answer.message
        gate.touch()
        watch.until(lambda _, obj: commit_of(obj) != before)
    assert "map.yaml" in api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"]


def commit_of(obj: Json) -> str:
    return str(obj["status"]["selfLock"]["git"]["commit"])


def test_progress_is_a_condition_and_a_second_save_is_told_to_wait(porch: Porch, gate: Path) -> None:
    api = porch.api
    name = create(api, "web")
    with api.watch() as watch:
        assert impatient(api, name).code == 504
        _, obj = watch.until(lambda _, obj: bool(rendering(obj)))
        assert rendering(obj)["status"] == "True"
        assert "0 of 1 functions done, now example.com/waiting:v1" in rendering(obj)["message"]
        busy = save(api, name, more_yaml=MAP)
        assert busy.code == 409, busy.text
        gate.touch()
        watch.until(lambda _, obj: obj["metadata"]["name"] == name and not rendering(obj))


def test_an_operation_is_cancelled_by_an_annotation(porch: Porch) -> None:
    api = porch.api
    name = create(api, "web")
    before = api.do("GET", f"{RESOURCES}/{name}")["spec"]
    with api.watch() as watch:
        operation = impatient(api, name).message.partition("as operation ")[2].partition(" ")[0]
        watch.until(lambda _, obj: bool(rendering(obj)))
        wish = {"metadata": {"annotations": {"porch.kpt.dev/cancel-render": operation}}}
        assert api.patch(f"{REVISIONS}/{name}", wish).code == 200
        _, obj = watch.until(lambda _, obj: rendering(obj).get("status") == "False")
    assert rendering(obj)["reason"] == "Cancelled"
    assert "porch.kpt.dev/cancel-render" not in obj["metadata"].get("annotations", {})
    assert api.do("GET", f"{RESOURCES}/{name}")["spec"] == before


def test_an_operation_of_a_server_that_died_is_told_as_interrupted(porch: Porch) -> None:
    api = porch.api
    name = create(api, "web")
    before = api.do("GET", f"{RESOURCES}/{name}")["spec"]
    with api.watch() as watch:
        impatient(api, name)
        watch.until(lambda _, obj: bool(rendering(obj)))
    api = porch.again()
    told = rendering(api.do("GET", f"{REVISIONS}/{name}"))
    assert (told["status"], told["reason"]) == ("False", "Interrupted")
    assert api.do("GET", f"{RESOURCES}/{name}")["spec"] == before


def test_a_proposal_that_somebody_pushed_unrendered_is_not_published(porch: Porch, gate: Path) -> None:
    api, gate_open = porch.api, gate.touch
    gate_open()
    name = create(api, "web")
    namespace = mutator("set-namespace:v0.4.5", namespace="prod")
    assert save(api, name, map_yaml=MAP, pipeline=namespace).code == 200
    assert move(api, name, "Proposed").code == 200
    push_unrendered(porch)
    synchronise(api, "here")
    answer = move(api, name, "Published", approval=True)
    assert answer.code == 422, answer.text
    assert "was not rendered: rendering it changes map.yaml" in answer.message
    assert move(api, name, "Draft").code == 200
    assert move(api, name, "Proposed").code == 200
    assert move(api, name, "Published", approval=True).code == 200
    files = api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"]
    assert "namespace: prod" in files["map.yaml"]


def push_unrendered(porch: Porch) -> None:
    """Somebody changes the proposal with git alone."""
    bare = porch.hosted("default", "here")
    work = bare.parent / "work"
    ref = next(ref for ref in git("for-each-ref", "--format=%(refname)", cwd=bare).split() if "proposed" in ref)
    git("clone", "--quiet", "--branch", ref.removeprefix("refs/heads/"), str(bare), str(work), cwd=bare.parent)
    (work / "web" / "map.yaml").write_text(MAP)
    git("commit", "--quiet", "--all", "--message", "by hand", cwd=work)
    git("push", "--quiet", "origin", f"HEAD:{ref}", cwd=work)


def test_a_verdict_that_is_lost_is_made_again(porch: Porch, gate: Path) -> None:
    api = porch.api
    gate.touch()
    name = create(api, "web")
    assert save(api, name, map_yaml=MAP, pipeline=mutator(IMAGE)).code == 200
    assert move(api, name, "Proposed").code == 200
    porch.end()
    forget_verdicts(porch)
    api = porch.again()
    gate.unlink()
    with api.watch() as watch:
        answer = api.patch(f"{REVISIONS}/{name}/approval?timeout=2s", {"spec": {"lifecycle": "Published"}})
        assert answer.code == 504, "it is rendered again, and the function waits"
        watch.until(lambda _, obj: bool(rendering(obj)))
        gate.touch()
        _, obj = watch.until(lambda _, obj: obj["spec"]["lifecycle"] == "Published")
    assert not rendering(obj)


def test_new_code_of_a_function_means_rendering_again(porch: Porch, gate: Path, tmp_path: Path) -> None:
    api = porch.api
    gate.touch()
    name = create(api, "web")
    assert save(api, name, map_yaml=MAP, pipeline=mutator(IMAGE)).code == 200
    assert move(api, name, "Proposed").code == 200
    program = tmp_path / "functions" / "waiting"
    program.write_text("#!/bin/sh\necho 'the new version is strict' >&2\nexit 1\n")
    answer = move(api, name, "Published", approval=True)
    assert answer.code == 422, answer.text
    assert "the new version is strict" in answer.text.decode()


def test_a_dry_run_that_takes_long_is_told_of_nowhere(porch: Porch, gate: Path) -> None:
    """It tells nothing before its functions are done either: the version is what it was."""
    api = porch.api
    gate.touch()
    name = create(api, "web")
    assert save(api, name, map_yaml=MAP, pipeline=mutator(IMAGE)).code == 200
    before = api.do("GET", f"{REVISIONS}/{name}")
    gate.unlink()
    wanted = {"spec": {"resources": {"map.yaml": MAP.replace("settings", "others")}}}
    answer = api.patch(f"{RESOURCES}/{name}?dryRun=All&timeout=2s", wanted)
    assert (answer.code, "dry run" in answer.message) == (504, True), answer.text
    assert api.do("GET", f"{REVISIONS}/{name}") == before
    gate.touch()


def test_what_failed_to_render_is_proposed_again_when_the_function_was_mended(porch: Porch, tmp_path: Path) -> None:
    """Else it would be published with a Kptfile that says it failed."""
    api = porch.api
    name = create(api, "web")
    program = tmp_path / "functions" / "waiting"
    program.write_text("#!/bin/sh\nexit 1\n")
    kept = {"metadata": {"annotations": {"porch.kpt.dev/push-on-render-failure": "true"}}}
    assert api.patch(f"{REVISIONS}/{name}", kept).code == 200
    assert save(api, name, map_yaml=MAP, pipeline=mutator(IMAGE)).code == 200
    assert move(api, name, "Proposed").code == 200
    program.write_text("#!/bin/sh\nexec cat\n")
    answer = move(api, name, "Published", approval=True)
    assert answer.code == 422, answer.text
    assert "rendering it changes Kptfile" in answer.message
    assert move(api, name, "Draft").code == 200
    assert move(api, name, "Proposed").code == 200
    assert move(api, name, "Published", approval=True).code == 200
    assert "False" not in api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"]["Kptfile"]


def forget_verdicts(porch: Porch) -> None:
    import sqlite3

    with sqlite3.connect(porch.data / "porch.db") as db:
        assert db.execute("DELETE FROM verdicts").rowcount

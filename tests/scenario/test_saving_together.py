"""Many who save the files of one draft, while others label it: no acknowledged change is lost, none is made twice."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Porch, register, revision
from tests.support.githttp import GitHttp, git

NAME = "here.web.v1"
FILES = f"{RESOURCES}/{NAME}"
WRITERS, ROUNDS = 4, 4


def drafted(porch: Porch, url: str) -> Api:
    register(porch.launch(), "here", url)
    porch.api.do("POST", REVISIONS, revision("here", "web"))
    return porch.api


def append(api: Api, line: str, chance: random.Random) -> None:
    """Reads, adds a line to one of the logs and saves, again and again until nobody came between."""
    while True:
        obj = api.do("GET", FILES)
        files = obj["spec"]["resources"]
        path = chance.choice([path for path in files if path.startswith("log")] or ["log"])
        files[path] = files.get(path, "") + f"{line}\n"
        answer = api.send("PUT", FILES, obj)
        if answer.code == 200:
            assert f"{line}\n" in answer.json["spec"]["resources"][path]
            return
        assert (answer.code, answer.reason) == (409, "Conflict"), answer.text


def rename(api: Api, line: str, chance: random.Random) -> None:
    """Moves a log to another name; whoever saves the old name meanwhile is told so."""
    while True:
        obj = api.do("GET", FILES)
        files = obj["spec"]["resources"]
        logs = [path for path in files if path.startswith("log")]
        if not logs:
            return
        old = chance.choice(logs)
        files[f"log-{line}"] = files.pop(old)
        answer = api.send("PUT", FILES, obj)
        if answer.code == 200:
            return
        assert (answer.code, answer.reason) == (409, "Conflict"), answer.text


def label(api: Api, line: str) -> Answer:
    while True:
        answer = api.patch(f"{REVISIONS}/{NAME}", {"metadata": {"labels": {f"by-{line}": "yes"}}})
        if answer.code != 409:
            return answer


def work(api: Api, seed: int, writer: int) -> tuple[list[str], list[str]]:
    """The lines and labels that one writer has been told are there."""
    chance = random.Random(seed * 100 + writer)
    lines, labels = [], []
    for number in range(ROUNDS):
        name = f"{writer}-{number}"
        match chance.choice(["append", "append", "append", "rename", "label"]):
            case "append":
                append(api, name, chance)
                lines.append(name)
            case "rename":
                rename(api, name, chance)
            case "label":
                assert label(api, name).code == 200
                labels.append(f"by-{name}")
    return lines, labels


@pytest.mark.parametrize(("seed", "is_hosted"), [(1, True), (2, False)])
def test_of_many_savers_none_loses_a_line(make: Make, remote: GitHttp, seed: int, is_hosted: bool) -> None:
    api = drafted(make("--sync-interval", "3600"), "hosted:///here" if is_hosted else remote.create("here"))
    with ThreadPoolExecutor(WRITERS) as pool:
        done = list(pool.map(lambda writer: work(api, seed, writer), range(WRITERS)))
    obj = api.do("GET", FILES)
    found = [
        line for path, text in obj["spec"]["resources"].items() if path.startswith("log") for line in text.splitlines()
    ]
    assert sorted(found) == sorted(line for lines, _ in done for line in lines)
    labels = api.do("GET", f"{REVISIONS}/{NAME}")["metadata"].get("labels", {})
    assert labels.keys() == {name for _, names in done for name in names}


def test_a_stale_version_fails_a_save_and_a_label_does_not(make: Make) -> None:
    porch = make()
    api = drafted(porch, "hosted:///here")
    obj = api.do("GET", FILES)
    assert label(api, "somebody").code == 200
    obj["spec"]["resources"]["note.txt"] = "mine\n"
    saved = api.do("PUT", FILES, obj)
    found = api.do("GET", f"{REVISIONS}/{NAME}")
    assert found["metadata"]["labels"] == {"by-somebody": "yes"}
    stale = api.send("PUT", FILES, obj)
    assert (stale.code, stale.reason) == (409, "Conflict")
    assert stale.message == (
        f'Operation cannot be fulfilled on packagerevisionresources.porch.kpt.dev "{NAME}": the object has been '
        "modified; please apply your changes to the latest version and try again"
    )
    for version in ("1", "999999999"):
        obj["metadata"]["resourceVersion"] = version
        assert api.send("PUT", FILES, obj).code == 409
    assert api.do("GET", FILES) == saved
    assert git("rev-list", "--count", "main..drafts/web/v1", cwd=porch.hosted("default", "here")) == "2"

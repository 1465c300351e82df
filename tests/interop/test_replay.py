"""The requests that made upstream's repositories are sent to us: the same refs, commits and files come of them.

The only differences are those of docs/interoperability.md.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.conftest import address_of
from tests.interop.plain import read
from tests.interop.replay import Replay, Written, differing
from tests.scenario.running import REVISIONS, Json, Porch
from tests.support import upstream
from tests.support.githttp import GitHttp

DOC = Path(__file__).resolve().parents[2] / "docs" / "interoperability.md"
REPOSITORIES = ("catalog", "edge", "mono")
RENAMED = {"refs/tags/net/core/amf/v3": "refs/tags/net/core/amf/v4"}
ANSWERS = {
    "048-approve-catalog.net.core.amf.ws3": "number of a revision that was deleted",
    "073-resources-catalog.fn.broken.v1": "functions that fail",
}
REVISIONS_THAT_DIFFER = {
    "catalog.net.core.amf.ws3": "number of a revision that was deleted",
    "catalog.fn.broken.v1": "functions that fail",
    "edge.site1.base.copied": "conflicts of an upgrade",
    "edge.site1.base.forced": "conflicts of an upgrade",
}
FILES = {
    "base/deployment.yaml": "layout of YAML files",
    "exp/deployment.yaml": "layout of YAML files",
    "site1/base/deployment.yaml": "layout of YAML files",
    "site1/base/services.yaml": "layout of YAML files",
    "web/Kptfile": "comments in a Kptfile",
    "web1/Kptfile": "comments in a Kptfile",
    "site1/base/Kptfile": "conflicts of an upgrade",
    "from-scoped/Kptfile": "directory of an upstream",
    "amf/Kptfile": "number of a revision that was deleted",
    "fn/broken/Kptfile": "functions that fail",
    "fn/piped/Kptfile": "comments in a Kptfile",
}


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    folder = tmp_path_factory.mktemp("replay")
    for name in ("remote", "upstream"):
        (folder / name).mkdir()
    upstream.unbundle(folder / "upstream")
    with GitHttp(folder / "remote") as remote:
        porch = Porch(folder / "data")
        try:
            porch.launch()
            replay = Replay(porch, remote)
            replay.run()
            yield replay
        finally:
            porch.end()


@pytest.fixture
def written(replay: Replay, request: pytest.FixtureRequest) -> Iterator[tuple[Written, Written]]:
    """Upstream's repository and ours."""
    theirs, ours = both(replay, request.param)
    yield theirs, ours
    theirs.close()
    ours.close()


def both(replay: Replay, name: str) -> tuple[Written, Written]:
    theirs = Written(replay.remote.root.parent / "upstream" / f"{name}.git", upstream.ADDRESS)
    return theirs, Written(replay.remote.root / f"{name}.git", address_of(replay.remote))


def test_each_request_is_answered_as_upstream_answered_it(replay: Replay) -> None:
    assert replay.different.keys() == ANSWERS.keys()
    assert replay.different["048-approve-catalog.net.core.amf.ws3"][1]["revision"] == 4


@pytest.mark.parametrize("written", REPOSITORIES, indirect=True)
def test_the_same_refs_are_left(written: tuple[Written, Written]) -> None:
    theirs, ours = written
    assert ours.refs.keys() == {RENAMED.get(ref, ref) for ref in theirs.refs}


@pytest.mark.parametrize("written", REPOSITORIES, indirect=True)
def test_the_same_commits_are_made_by_the_same_people(written: tuple[Written, Written]) -> None:
    theirs, ours = written
    assert _apart_from_the_number(ours.commits()) == _apart_from_the_number(theirs.commits())


def _apart_from_the_number(commits: Counter[tuple[str, str, str]]) -> list[tuple[str, ...]]:
    number = re.compile(r'(net/core/amf/|"ws3","revision":")[34]')
    return sorted((number.sub(r"\1N", message), *who) for message, *who in commits.elements())


@pytest.mark.parametrize("name", REPOSITORIES)
def test_ours_breaks_no_rule_that_the_other_does_not(replay: Replay, name: str) -> None:
    branches = ("main", "release") if name == "mono" else ("main",)
    theirs = read(replay.remote.root.parent / "upstream" / f"{name}.git", *branches)
    ours = read(replay.remote.root / f"{name}.git", *branches)
    assert [finding for finding in ours.findings if finding not in theirs.findings] == []


def test_the_same_files_are_in_all_packages(replay: Replay) -> None:
    found: set[str] = set()
    for name in REPOSITORIES:
        theirs, ours = both(replay, name)
        found |= set(differing(theirs, ours, RENAMED))
        theirs.close()
        ours.close()
    assert found == FILES.keys()


def test_the_api_shows_what_upstream_shows(replay: Replay) -> None:
    """But for ids, times and what the tables say: the same revisions, tasks, conditions, locks and publishers."""
    theirs = upstream.answers("adopted/packagerevisions.json")
    text = json.dumps(replay.porch.api.do("GET", f"{REVISIONS}?limit=500"))
    items = json.loads(text.replace(address_of(replay.remote), upstream.ADDRESS))["items"]
    ours = {item["metadata"]["name"]: item for item in items}
    assert ours.keys() == theirs.keys()
    different = {name for name in theirs if _essence(ours[name]) != _essence(theirs[name])}
    assert different == REVISIONS_THAT_DIFFER.keys()


def _essence(item: Json) -> Json:
    spec, status = item["spec"], item["status"]
    conditions = status.get("conditions", [])
    return spec, conditions, status.get("publishedBy"), status.get("deployment"), status["upstreamLock"].get("type")


def test_the_differences_are_those_of_the_documentation() -> None:
    rows = re.findall(r"^\| \*\*([^*]+)\*\* \|", DOC.read_text("utf-8"), re.MULTILINE)
    assert set(rows) == {
        *ANSWERS.values(),
        *FILES.values(),
        *REVISIONS_THAT_DIFFER.values(),
        "renders that change nothing",
    }

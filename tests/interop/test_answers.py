"""Repositories that upstream managed are registered here: what we answer for them is what it answered, field by field.

The only differences are those of docs/interoperability.md, each in exactly the objects where it belongs.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tests.interop.conftest import Adopted
from tests.interop.differences import ALL, PACKAGES, REPOSITORIES, RESOURCES, REVISIONS, Difference, unexplained
from tests.scenario.running import PACKAGES as PORCH
from tests.scenario.running import REPOSITORIES as CONFIG
from tests.scenario.running import Json
from tests.support.upstream import FIXTURES, answers, printed

DOC = Path(__file__).resolve().parents[2] / "docs" / "interoperability.md"


@pytest.mark.parametrize(
    ("path", "file", "known", "count"),
    [
        (f"{PORCH}/packagerevisions", "adopted/packagerevisions.json", REVISIONS, 58),
        (f"{PORCH}/packagerevisionresources", "adopted/packagerevisionresources.json", RESOURCES, 58),
        (f"{PORCH}/packages", "adopted-db/packages.json", PACKAGES, 23),
        (CONFIG, "adopted/repositories.json", REPOSITORIES, 4),
    ],
    ids=["packagerevisions", "packagerevisionresources", "packages", "repositories"],
)
def test_each_object_is_as_upstream_tells_it(
    adopted: Adopted, path: str, file: str, known: tuple[Difference, ...], count: int
) -> None:
    theirs, ours = answers(file, adopted.address), by_name(adopted, path)
    assert ours.keys() == theirs.keys()
    assert len(ours) == count
    problems = {name: unexplained(theirs[name], ours[name], known) for name in theirs}
    assert {name: found for name, found in problems.items() if found} == {}


@pytest.mark.parametrize("command", ["get packagerevisions", "get packagerevisions -l kpt.dev/latest-revision=true"])
def test_kubectl_prints_what_it_printed_for_upstream(adopted: Adopted, command: str) -> None:
    head, *lines = adopted.porch.kubectl(*command.split()).out.splitlines()
    their_head, *their_lines = printed(f"kubectl {command}")
    assert head.rstrip() == their_head
    assert sorted(map(str.rstrip, lines)) == sorted(their_lines)


def test_kubectl_prints_as_many_files_as_for_upstream(adopted: Adopted) -> None:
    lines = adopted.porch.kubectl("get", "packagerevisionresources").out.splitlines()
    assert sorted(map(squeezed, lines)) == sorted(map(squeezed, printed("kubectl get packagerevisionresources")))


def test_the_table_of_the_fixtures_is_met(adopted: Adopted) -> None:
    with (FIXTURES / "revisions.tsv").open(newline="") as table:
        wanted = {line["name"]: line for line in csv.DictReader(table, delimiter="\t")}
    files = by_name(adopted, f"{PORCH}/packagerevisionresources")
    revisions = by_name(adopted, f"{PORCH}/packagerevisions")
    assert {name: row(item, files[name]) for name, item in revisions.items()} == wanted


def test_the_differences_are_those_of_the_documentation() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", DOC.read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(ALL)


def by_name(adopted: Adopted, path: str) -> dict[str, Json]:
    """All objects, over as many pages as it takes."""
    found: dict[str, Json] = {}
    more = ""
    while True:
        page = adopted.api.do("GET", f"{path}?limit=500&continue={more}")
        found |= {item["metadata"]["name"]: item for item in page["items"]}
        if not (more := page["metadata"].get("continue", "")):
            return found


def squeezed(line: str) -> str:
    return " ".join(line.split())


def row(obj: Json, resources: Json) -> dict[str, str]:
    """One line of the table, as the API tells it."""
    meta, spec, files = obj["metadata"], obj["spec"], resources["spec"]
    tasks = spec.get("tasks") or [{"type": ""}]
    return {
        "name": meta["name"],
        "package": spec["packageName"],
        "workspace": spec["workspaceName"],
        "revision": str(spec.get("revision", 0)),
        "lifecycle": spec["lifecycle"],
        "latest": "yes" if meta.get("labels", {}).get("kpt.dev/latest-revision") == "true" else "",
        "task": tasks[0]["type"],
        "files": str(len(files["resources"]) + len(files.get("binaryResources", {}))),
        "ref": obj["status"]["selfLock"]["git"]["ref"],
        "uid": meta["uid"],
    }

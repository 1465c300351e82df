"""Repositories that upstream Porch managed are taken over: registered over git HTTP, every revision is found again.

The fixtures hold the git repositories, and a table of what a manager that sees only git must find in them.
"""

from __future__ import annotations

import csv
from pathlib import Path

from bench.generate import Size, write_repository

from tests.scenario.conftest import Make
from tests.scenario.running import (
    PACKAGES,
    REPOSITORIES,
    RESOURCES,
    REVISIONS,
    Api,
    Json,
    register,
    repository,
    wait_ready,
)
from tests.support.githttp import GitHttp, git

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "upstream-managed"
PLACES: dict[str, tuple[str, dict[str, Json], dict[str, Json]]] = {
    "catalog": ("catalog", {}, {}),
    "edge": ("edge", {"createBranch": False}, {"deployment": True}),
    "scoped": ("mono", {"directory": "/teams/alpha/", "author": "Alpha Team", "email": "alpha@example.com"}, {}),
    "scoped-rel": ("mono", {"directory": "teams/alpha", "branch": "release"}, {}),
}
"""By Repository: the git repository, more of `spec.git`, more of `spec`."""


def adopt(api: Api, remote: GitHttp) -> None:
    for name in ("catalog", "edge", "mono"):
        bundle = str(FIXTURES / "git" / f"{name}.bundle")
        git("clone", "--quiet", "--mirror", bundle, str(remote.path(name)), cwd=remote.root)
    for name, (served, more_git, more) in PLACES.items():
        registered = repository(name, remote.url(served), **more_git)
        registered["spec"] |= more
        api.do("POST", REPOSITORIES, registered)
    for name in PLACES:
        wait_ready(api, name)


def row(obj: Json, files: int) -> dict[str, str]:
    """One line of the table, as the API tells it."""
    meta, spec = obj["metadata"], obj["spec"]
    tasks = spec.get("tasks") or [{"type": ""}]
    return {
        "name": meta["name"],
        "package": spec["packageName"],
        "workspace": spec["workspaceName"],
        "revision": str(spec.get("revision", 0)),
        "lifecycle": spec["lifecycle"],
        "latest": "yes" if meta.get("labels", {}).get("kpt.dev/latest-revision") == "true" else "",
        "task": tasks[0]["type"],
        "files": str(files),
        "ref": obj["status"]["selfLock"]["git"]["ref"],
        "uid": meta["uid"],
    }


def test_every_revision_is_found_as_upstream_left_it(make: Make, remote: GitHttp) -> None:
    porch = make()
    api = porch.launch()
    adopt(api, remote)
    with (FIXTURES / "revisions.tsv").open(newline="") as table:
        wanted = {line["name"]: line for line in csv.DictReader(table, delimiter="\t")}
    assert _found(api) == wanted
    assert len(wanted) == 58
    packages = {
        (item["spec"]["repository"], item["spec"]["packageName"]) for item in _items(api, f"{PACKAGES}/packages")
    }
    assert packages == {(name.split(".")[0], line["package"]) for name, line in wanted.items()}
    assert _found(porch.again()) == wanted


def test_a_leftover_draft_of_a_published_revision_does_not_hide_it(make: Make, remote: GitHttp) -> None:
    path = remote.path("model")
    write_repository(path, Size(1, packages=1, revisions=5), seed=1)
    draft = git("rev-parse", "refs/heads/drafts/area-0/package-0000/draft-1", cwd=path)
    git("update-ref", "refs/heads/drafts/area-0/package-0000/ws-1", draft, cwd=path)
    api = make().launch()
    register(api, "model", remote.url("model"))
    revision = api.do("GET", f"{REVISIONS}/model.area-0.package-0000.ws-1")
    assert (revision["spec"]["lifecycle"], revision["spec"]["revision"]) == ("Published", 1)
    assert len(api.names()) == 5


def _found(api: Api) -> dict[str, dict[str, str]]:
    files = {item["metadata"]["name"]: _count(item["spec"]) for item in _items(api, RESOURCES)}
    found = (row(item, files[item["metadata"]["name"]]) for item in _items(api, REVISIONS))
    return {line["name"]: line for line in found}


def _count(spec: Json) -> int:
    return len(spec["resources"]) + len(spec.get("binaryResources", {}))


def _items(api: Api, path: str) -> list[Json]:
    """All pages of a list; big ones are cut."""
    items: list[Json] = []
    more = ""
    while True:
        page = api.do("GET", f"{path}?limit=500&continue={more}")
        items += page["items"]
        more = page["metadata"].get("continue", "")
        if not more:
            return items

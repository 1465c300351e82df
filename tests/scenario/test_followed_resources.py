"""A watch of resources that resumes across a restart, behind versions whose files are in git no more."""

from __future__ import annotations

from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, REVISIONS, register, revision
from tests.support.githttp import GitHttp, git


def test_what_git_cannot_tell_any_more_does_not_break_the_stream(make: Make, remote: GitHttp) -> None:
    porch = make()
    api = porch.launch()
    register(api, "work", remote.create("work"))
    start = api.do("GET", RESOURCES)["metadata"]["resourceVersion"]
    for package in ("gone", "here"):
        api.do("POST", REVISIONS, revision("work", package))
    for text in ("one\n", "two\n"):
        assert api.patch(f"{RESOURCES}/work.here.v1", {"spec": {"resources": {"note.txt": text}}}).code == 200
    api.do("DELETE", f"{REVISIONS}/work.gone.v1")
    porch.end()
    (mirror,) = (porch.data / "git" / "mirrors").glob("*.git")
    git("gc", "--prune=now", "--quiet", cwd=mirror)
    with porch.launch().watch(RESOURCES, since=start) as watch:
        events = [watch.next() for _ in range(4)]
    told = [(word, obj["spec"]["packageName"], obj["spec"]["resources"].get("note.txt")) for word, obj in events]
    assert told == [
        ("ADDED", "here", None),
        ("MODIFIED", "here", "one\n"),
        ("MODIFIED", "here", "two\n"),
        ("DELETED", "gone", None),
    ]
    assert events[-1][1]["spec"]["resources"] == {}

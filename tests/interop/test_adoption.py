"""Taking over: what was found is still there after a restart, and leftovers of an unclean end do not hide revisions."""

from __future__ import annotations

from bench.generate import Size, write_repository

from tests.interop.conftest import adopt
from tests.scenario.conftest import Make
from tests.scenario.running import REVISIONS, register
from tests.support.githttp import GitHttp, git


def test_a_restart_changes_nothing(make: Make, remote: GitHttp) -> None:
    porch = make()
    api = porch.launch()
    adopt(api, remote)
    before = api.do("GET", REVISIONS)["items"]
    assert len(before) == 58
    assert porch.again().do("GET", REVISIONS)["items"] == before


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

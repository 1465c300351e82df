"""A local copy that is damaged is found out by who reads it, and made anew from its remote; a hosted one is told of."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.foreign import HEADS, Foreign, Team, after_sync, condition
from tests.scenario.running import REPOSITORIES, RESOURCES, REVISIONS, Api, Lost, Porch, register, revision, synchronise
from tests.support.githttp import GitHttp, git

_DAY = ("--sync-interval", "86400", "--workers", "1")
README = "README.md"


class Scene(Team):
    """A server with a mirror of a remote, stopped to be harmed."""

    def __init__(self, porch: Porch, remote: GitHttp) -> None:
        super().__init__(porch, remote)
        self.names = self.api.names()
        porch.end()

    @property
    def mirror(self) -> Path:
        (found,) = (self.porch.data / "git" / "mirrors").glob("*.git")
        return found

    def readme(self, name: str) -> str:
        """Read until it can be: the server looks after its copy meanwhile."""
        while (answer := self.api.send("GET", f"{RESOURCES}/{name}")).code == 503:
            assert "the server's copy of the repository is damaged" in answer.message
            assert answer.headers["retry-after"] == "5"
        assert answer.code == 200, answer.text
        return str(answer.json["spec"]["resources"][README])


@pytest.fixture
def scene(make: Make, remote: GitHttp) -> Scene:
    return Scene(make(*_DAY), remote)


def _objects(mirror: Path) -> list[Path]:
    return [path for path in (mirror / "objects").rglob("*") if path.is_file()]


def remove_all(mirror: Path) -> None:
    for path in _objects(mirror):
        path.unlink()


def empty_all(mirror: Path) -> None:
    for path in _objects(mirror):
        path.chmod(0o644)
        path.write_bytes(b"")


def garble_all(mirror: Path) -> None:
    for path in _objects(mirror):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:8] + b"X" * 32)


HARMS = [remove_all, empty_all, garble_all]


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_mirror_is_made_anew_when_somebody_reads_it(scene: Scene, harm: Callable[[Path], None]) -> None:
    harm(scene.mirror)
    scene.api = scene.porch.launch()
    assert scene.readme("team.web.next") == "a draft"
    assert scene.api.names() == scene.names
    assert after_sync(scene.api, "team")["status"] == "True"
    git("fsck", "--strict", cwd=scene.mirror)


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_mirror_loses_no_revision_when_the_remote_changes(scene: Scene, harm: Callable[[Path], None]) -> None:
    """What cannot be read is not taken for gone."""
    harm(scene.mirror)
    scene.foreign.publish("web", 3)
    scene.api = scene.porch.launch()
    since = scene.api.do("GET", REVISIONS)["metadata"]["resourceVersion"]
    assert scene.readme("team.web.v1") == "revision 1"
    synchronise(scene.api, "team")
    assert scene.api.names() == [*scene.names, "team.web.v3"]
    with scene.api.watch(since=since) as watch:
        assert watch.next()[0] != "DELETED"


def test_while_the_remote_is_gone_nothing_is_lost_and_then_all_is_mended(scene: Scene) -> None:
    remove_all(scene.mirror)
    away = scene.foreign.path.rename(scene.foreign.path.with_name("away.git"))
    scene.api = scene.porch.launch()
    assert scene.api.send("GET", f"{RESOURCES}/team.web.next").code == 503
    assert after_sync(scene.api, "team")["reason"] == "Error"
    assert scene.api.names() == scene.names
    away.rename(scene.foreign.path)
    synchronise(scene.api, "team")
    assert scene.readme("team.web.next") == "a draft"


@pytest.mark.parametrize("point", ["mirror-rebuilt", "mirror-replaced"])
def test_a_server_that_dies_while_it_mends_goes_on_where_it_was(scene: Scene, point: str) -> None:
    remove_all(scene.mirror)
    scene.api = scene.porch.launch(fault=point)
    scene.api.send("GET", f"{RESOURCES}/team.web.next")
    assert scene.porch.died() == signal.SIGKILL
    scene.api = scene.porch.launch()
    assert scene.readme("team.web.next") == "a draft"
    assert scene.api.names() == scene.names
    assert after_sync(scene.api, "team")["status"] == "True"


def test_interrupted_writes_are_settled_before_a_mirror_is_made_anew(make: Make, remote: GitHttp) -> None:
    """The draft was pushed, and the index does not know yet."""
    scene = Scene(make(*_DAY), remote)
    scene.api = scene.porch.launch(fault="pushed")
    with pytest.raises(Lost):
        scene.api.send("POST", REVISIONS, revision("team", "db"))
    assert scene.porch.died() == signal.SIGKILL
    remove_all(scene.mirror)
    scene.api = scene.porch.launch()
    assert scene.readme("team.web.next") == "a draft"
    synchronise(scene.api, "team")
    assert scene.api.names() == sorted([*scene.names, "team.db.v1"])
    assert "db" in scene.readme("team.db.v1")


def test_a_hosted_repository_that_is_damaged_is_told_of_and_left_alone(make: Make) -> None:
    porch = make()
    api: Api = porch.launch()
    register(api, "here", "hosted:///here")
    for name in ("web", "db"):
        api.do("POST", REVISIONS, revision("here", name))
    foreign = Foreign(porch.hosted("default", "here"))
    blob = foreign.tip(f"{HEADS}drafts/web/v1:web/README.md")
    content = git("cat-file", "blob", blob, cwd=foreign.path) + "\n"
    assert foreign.git("hash-object", "--stdin", stdin=content) == blob
    refs = foreign.git("for-each-ref")
    porch.end(signal.SIGTERM)  # redo records are let go, which would mend it
    (foreign.path / "objects" / blob[:2] / blob[2:]).unlink()
    api = porch.launch()
    answer = api.send("GET", f"{RESOURCES}/here.web.v1")
    assert (answer.code, "the server's copy of the repository is damaged" in answer.message) == (503, True)
    with api.watch(f"{REPOSITORIES}?fieldSelector=metadata.name=here") as watch:
        watch.until(lambda _, obj: any(item["type"] == "Damaged" for item in obj["status"]["conditions"]))
    told = condition(api, "here", "Damaged")
    assert (told["status"], told["reason"]) == ("True", "ObjectsMissing")
    assert foreign.git("for-each-ref") == refs
    assert api.names() == ["here.db.v1", "here.web.v1"]
    assert api.send("GET", f"{RESOURCES}/here.db.v1").code == 200
    api = porch.again()
    assert condition(api, "here", "Damaged") == told
    synchronise(api, "here")
    assert condition(api, "here", "Damaged")["message"] == told["message"]
    foreign.git("hash-object", "-w", "--stdin", stdin=content)
    api = porch.again()
    assert after_sync(api, "here", "Damaged") == {}
    assert api.send("GET", f"{RESOURCES}/here.web.v1").code == 200

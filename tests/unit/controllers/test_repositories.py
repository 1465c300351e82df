"""Between two schedules a remote is asked whether it is there and still lets us in, and the Repository says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from porch.cache import Cache, Lanes
from porch.cache.opener import GitOpener, Layout
from porch.controllers.recorder import EventRecorder
from porch.controllers.repositories import RepositoryController
from porch.objects import StoredObjects
from porch.repository.credentials import SecretCredentials
from porch.strategy.event import EventStrategy
from porch.strategy.repository import RepositoryStrategy
from porch.types.core import EVENT
from porch.types.meta import Condition, ObjectMeta
from porch.types.repository import REPOSITORY, GitRepository, Repository, RepositorySpec, RepositorySync
from porch.workers import WorkerPool
from tests.support.githttp import GitHttp
from tests.unit.controllers.working import CALL, NS, World, working

NIGHT = "0 3 * * *"
DAY = 86400.0
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Scene:
    """A Repository with a schedule for the night, at a noon that does not end; it is read once."""

    def __init__(self, world: World, remote: GitHttp, directory: Path, workers: WorkerPool) -> None:
        self.world, self.remote = world, remote
        self.repositories = StoredObjects(world.store, RepositoryStrategy(REPOSITORY))
        opener = GitOpener(
            layout=Layout(directory),
            workers=workers,
            credentials=SecretCredentials(lambda _namespace, _name: None),
            file_repositories=(),
            public_url="",
            dashed=False,
            max_refs=100,
            timeout=5,
        )
        self.cache = Cache(world.store, self.repositories, opener, Lanes(4, 4))
        self.controller = RepositoryController(
            self.cache,
            self.repositories,
            world.feed,
            EventRecorder(StoredObjects(world.store, EventStrategy(EVENT)), "porch"),
            interval=DAY,
            health=0.05,
            clock=lambda: NOON,
        )
        spec = RepositorySpec(
            type="git",
            git=GitRepository(repo=remote.create("team"), create_branch=True),
            sync=RepositorySync(schedule=NIGHT),
        )
        self.repositories.create(CALL, NS, Repository(metadata=ObjectMeta(name="team"), spec=spec))

    def ready(self) -> Condition:
        item = self.repositories.get(CALL, NS, "team")
        obj: Repository = self.repositories.kind.decode(item.version, item.tail)
        found = [condition for condition in obj.status.conditions if condition.type == "Ready"]
        return found[0] if found else Condition(type="Ready", status="Unknown")


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Iterator[Scene]:
    (tmp_path / "remote").mkdir()
    pool = WorkerPool(1, 60)
    with GitHttp(tmp_path / "remote") as remote:
        made = Scene(world, remote, tmp_path / "data", pool)
        with working(made.controller):
            world.until(lambda: made.ready().status == "True")
            yield made
        made.cache.close()
    pool.close()


def test_credentials_that_the_remote_has_changed(scene: Scene) -> None:
    scene.remote.basic = ("user", "rotated")
    scene.world.until(lambda: scene.ready().status == "False")
    assert scene.ready().reason == "Error"
    assert "authentication required: check the secret that spec.git.secretRef names" in scene.ready().message


def test_a_remote_that_was_removed(scene: Scene) -> None:
    scene.remote.path("team").rename(scene.remote.root / "elsewhere")
    scene.world.until(lambda: scene.ready().status == "False")
    assert "repository not found" in scene.ready().message


def test_a_remote_that_has_moved(scene: Scene) -> None:
    scene.remote.redirect = "http://127.0.0.1/elsewhere"
    scene.world.until(lambda: scene.ready().status == "False")
    assert "status code: 30" in scene.ready().message

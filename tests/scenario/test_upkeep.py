"""The daily rounds over a server's repositories, at times that the test tells them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from porch.cache import SYSTEM
from porch.cache.opener import Layout
from porch.cache.upkeep import DAY, METADATA_SECONDS, Upkeep
from porch.cli import standalone
from porch.keys import RepositoryKey
from porch.objects import Call
from porch.settings import Settings
from porch.store.sqlite import open_store
from porch.types.base import know_all_types
from porch.types.meta import NameReference, ObjectMeta
from porch.types.repository import REPOSITORY, GitRepository, Repository, RepositorySpec
from tests.scenario.foreign import HEADS, Foreign
from tests.support.githttp import GitHttp, git

KEY = RepositoryKey("default", "team")


@dataclass
class World:
    """The parts of a server without its threads: only what a test does happens. `now` is what upkeep is told."""

    data: Path
    parts: standalone._Parts
    foreign: Foreign
    now: float

    @property
    def upkeep(self) -> Upkeep:
        return Upkeep(self.parts.cache, Layout(self.data), 1000, lambda: self.now)

    @property
    def mirrors(self) -> list[Path]:
        return sorted((self.data / "git" / "mirrors").glob("*.git"))

    def round(self) -> RepositoryKey | None:
        """A day later: its objects are told to be a day older."""
        for path in self.mirrors:
            for file in (path / "porch-tips", *(path / "objects").rglob("*")):
                if file.is_file():
                    _age(file, DAY + 60)
        return self.upkeep.collect_one()


def _age(file: Path, seconds: float) -> None:
    before = file.stat().st_mtime - seconds
    os.utime(file, (before, before))


@pytest.fixture
def world(tmp_path: Path, remote: GitHttp) -> Iterator[World]:
    know_all_types()
    settings = Settings(data_dir=tmp_path / "data")
    settings.data_dir.mkdir()
    (settings.data_dir / "pki").mkdir()
    url = remote.create("team")
    foreign = Foreign(remote.path("team"))
    foreign.publish("web", 1)
    with ExitStack() as stack:
        store = open_store(settings.data_dir / "porch.db")
        stack.callback(store.close)
        pools = standalone._pools(settings, stack)
        parts = standalone._Parts(settings, store, pools, Layout(settings.data_dir), "https://porch.example")
        stack.callback(parts.cache.close)
        made = Repository(
            metadata=ObjectMeta(name="team"), spec=RepositorySpec(type="git", git=GitRepository(repo=url))
        )
        parts.storages[str(REPOSITORY.resource)].create(Call(SYSTEM), "default", made)
        parts.cache.open_repository(KEY).synchronise()
        yield World(settings.data_dir, parts, foreign, time.time())


def test_each_day_one_repository_after_the_other_is_looked_through(world: World) -> None:
    told: list[RepositoryKey] = []
    world.parts.cache.on_doubt = told.append
    assert [world.upkeep.collect_one(), world.upkeep.collect_one()] == [KEY, None]
    assert [world.round(), world.upkeep.collect_one()] == [KEY, None]
    assert told == [KEY, KEY]
    opened = world.parts.cache.open_repository(KEY)
    assert opened.is_doubted
    opened.mend()
    assert not opened.is_doubted


def test_what_a_held_synchronisation_would_remove_is_not_collected(world: World) -> None:
    """Nothing in git leads to it any more, but the index does."""
    opened = world.parts.cache.open_repository(KEY)
    refs = [f"{HEADS}drafts/web/d{number}" for number in range(9)]
    tips = [world.foreign.draft("web", f"d{number}", f"{number}") for number in range(9)]
    opened.synchronise()
    world.foreign.delete(*refs)
    world.foreign.git("reflog", "expire", "--expire=now", "--all")
    held = opened.synchronise().held
    assert held is not None
    for _ in range(4):
        assert world.round() == KEY
    for tip in tips:
        git("cat-file", "-e", tip, cwd=world.mirrors[0])
    assert opened.synchronise(confirmed=held.token).held is None
    for _ in range(3):
        assert world.round() == KEY
    with pytest.raises(AssertionError):
        git("cat-file", "-e", tips[0], cwd=world.mirrors[0])
    assert opened.synchronise().revisions == 2


def test_mirrors_that_no_repository_uses_go_after_a_day(world: World) -> None:
    (old,) = world.mirrors

    def secret(current: Repository) -> Repository:
        assert current.spec.git is not None
        current.spec.git.secret_ref = NameReference(name="login")
        return current

    def no_secret(current: Repository) -> Repository:
        assert current.spec.git is not None
        current.spec.git.secret_ref = None
        return current

    repositories = world.parts.storages[str(REPOSITORY.resource)]
    assert world.upkeep.drop_mirrors() == 0
    repositories.update(Call(SYSTEM), "default", "team", secret)
    assert world.upkeep.drop_mirrors() == 0
    world.now += DAY / 2
    assert world.upkeep.drop_mirrors() == 0
    repositories.update(Call(SYSTEM), "default", "team", no_secret)
    assert world.upkeep.drop_mirrors() == 0  # it is in use again
    repositories.update(Call(SYSTEM), "default", "team", secret)
    world.now += DAY
    assert world.upkeep.drop_mirrors() == 0  # and counts anew
    world.now += DAY + 1
    assert world.upkeep.drop_mirrors() == 1
    assert not old.exists()


def test_a_hosted_repository_that_nobody_registers_any_more_stays(world: World) -> None:
    path = world.data / "git" / "hosted" / "default" / "old.git"
    path.parent.mkdir(parents=True)
    git("init", "--quiet", "--bare", str(path), cwd=world.data)
    world.now += 100 * DAY
    world.upkeep.tidy()
    world.upkeep.drop_mirrors()
    assert path.is_dir()


def test_leftovers_of_dead_processes_go(world: World) -> None:
    half = world.mirrors[0].with_name(f"{world.mirrors[0].name}.0a1b2c3d.new")
    orphan = half.with_name("0123.git.0a1b2c3d.old")
    pack = world.mirrors[0] / "objects" / "pack" / "tmp_pack_AbCdEf"
    for left in (half, orphan):
        left.mkdir()
    pack.write_bytes(b"half a pack")
    assert world.upkeep.collect_one() == KEY
    assert half.exists()
    assert pack.exists()
    for left in (half, pack):
        _age(left, 3700)
    assert world.round() == KEY
    assert not half.exists()
    assert not pack.exists()
    assert world.upkeep.drop_mirrors() == 0
    world.now += DAY + 1
    assert world.upkeep.drop_mirrors() == 1
    assert not orphan.exists()


def test_user_metadata_goes_a_month_after_its_revision(world: World) -> None:
    store = world.parts.cache.store
    store.commit(lambda tx: tx.revisions.put_user_metadata("default", "team.web.gone", b"{}"))
    store.commit(lambda tx: tx.revisions.set_vanished("default", ["team.web.gone"], int(world.now)))

    def kept() -> bool:
        with store.read() as reads:
            return reads.revisions.user_metadata("default", "team.web.gone") is not None

    for seconds, there in ((0.0, True), (METADATA_SECONDS - 60, True), (120.0, False)):
        world.now += seconds
        world.upkeep.drop_metadata()
        assert kept() == there

"""Every operation on a package revision while its remote fails, in every way that remotes fail.

The answer has the right code and git's own words, and nothing of the operation shows: the API and the refs are as they
were. Once the remote is mended the same request works. Where the remote did it and could not say so, it is found out:
at once, or when the remote is back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Json, Porch, register, revision, synchronise
from tests.scenario.test_clones import clone_of, copy_of, upgrade
from tests.support.githttp import GitHttp, git, refuse_pushes

CLOSE, UPDATE = "failed to close package revision draft: ", "failed to update git references: "
PUSH = "failed to push to remote: "
DRAFT, PROPOSED, PUBLISHED, GOING = "Draft", "Proposed", "Published", "DeletionProposed"


@dataclass(frozen=True)
class Scene:
    """A repository of a server, and the package that a test works on."""

    api: Api
    remote: GitHttp
    repository: str
    package: str

    @property
    def truth(self) -> Path:
        return self.remote.path(self.repository)

    def name(self, workspace: str = "v1", package: str = "") -> str:
        return f"{self.repository}.{package or self.package}.{workspace}"

    def create(self, workspace: str = "v1", task: Json = None, lifecycle: str = DRAFT) -> Answer:
        body = revision(self.repository, self.package, workspace, labels={"team": "core"})
        body["spec"] |= {"lifecycle": lifecycle, "tasks": [task] if task else []}
        return self.api.send("POST", REVISIONS, body)

    def turn(self, lifecycle: str, workspace: str = "v1") -> Answer:
        endpoint = "/approval" if lifecycle == PUBLISHED else ""
        return self.api.patch(f"{REVISIONS}/{self.name(workspace)}{endpoint}", {"spec": {"lifecycle": lifecycle}})

    def delete(self, workspace: str = "v1") -> Answer:
        return self.api.send("DELETE", f"{REVISIONS}/{self.name(workspace)}")

    def refs(self) -> dict[str, str]:
        lines = git("for-each-ref", "--format=%(refname) %(objectname)", cwd=self.truth).splitlines()
        return dict[str, str](line.split() for line in lines)

    def shown(self) -> Json:
        """The revisions of the package, and their files."""
        items = self.api.do("GET", REVISIONS)["items"]
        here = [item for item in items if item["spec"]["repository"] == self.repository]
        mine = {item["metadata"]["name"]: item for item in here if item["spec"]["packageName"] == self.package}
        return {name: (item, self.api.do("GET", f"{RESOURCES}/{name}")) for name, item in mine.items()}

    def is_in_step(self) -> None:
        """Each revision that is shown is what its ref says, and each ref of the package is shown."""
        refs, locks = self.refs(), []
        for item, _ in self.shown().values():
            lock = item["status"]["selfLock"]["git"]
            if lock["ref"] != "main":
                locks.append((lock["ref"], lock["commit"]))
        found = [
            (ref.removeprefix("refs/heads/").removeprefix("refs/tags/"), target)
            for ref, target in refs.items()
            if f"/{self.package}/" in ref and "/deletionProposed/" not in ref
        ]
        assert sorted(locks) == sorted(found)


def proposed(scene: Scene) -> None:
    assert scene.create(lifecycle=PROPOSED).code == 201


def published(scene: Scene, task: Json = None) -> None:
    assert scene.create(task=task, lifecycle=PROPOSED).code == 201
    assert scene.turn(PUBLISHED).code == 200


def going(scene: Scene) -> None:
    published(scene)
    assert scene.turn(GOING).code == 200


def branch_going(scene: Scene) -> None:
    published(scene)
    assert scene.turn(GOING, "main").code == 200


def save(scene: Scene) -> Answer:
    return scene.api.patch(f"{RESOURCES}/{scene.name()}", {"spec": {"resources": {"note.txt": "saved\n"}}})


def edit(scene: Scene) -> Answer:
    change = {"metadata": {"labels": {"more": "yes"}}, "spec": {"readinessGates": [{"conditionType": "tested"}]}}
    return scene.api.patch(f"{REVISIONS}/{scene.name()}", change)


def upgrade_it(scene: Scene) -> Answer:
    old, new = (scene.name(workspace, "base") for workspace in ("v1", "v2"))
    return scene.create("v2", upgrade(old, new, scene.name()))


@dataclass(frozen=True)
class Operation:
    """`before` brings the package to where it starts, `ref` is one that it moves, with the package's name in it.
    `refs` are the package's afterwards.
    """

    before: Callable[[Scene], object]
    send: Callable[[Scene], Answer]
    ref: str
    refs: tuple[str, ...]
    failure: str = CLOSE


DRAFTS, PROPOSALS, TAG = "refs/heads/drafts/{}/v1", "refs/heads/proposed/{}/v1", "refs/tags/{}/v1"
SECOND, MARK, BRANCH = "refs/heads/drafts/{}/v2", "refs/heads/deletionProposed/{}/v1", "refs/heads/main"
OPERATIONS = {
    "create": Operation(lambda _: None, Scene.create, DRAFTS, (DRAFTS,)),
    "clone": Operation(
        lambda _: None, lambda scene: scene.create(task=clone_of(scene.name("v1", "base"))), DRAFTS, (DRAFTS,)
    ),
    "copy": Operation(published, lambda scene: scene.create("v2", copy_of(scene.name())), SECOND, (SECOND, TAG)),
    "upgrade": Operation(
        lambda scene: published(scene, clone_of(scene.name("v1", "base"))), upgrade_it, SECOND, (SECOND, TAG)
    ),
    "save": Operation(Scene.create, save, DRAFTS, (DRAFTS,)),
    "edit": Operation(Scene.create, edit, DRAFTS, (DRAFTS,)),
    "propose": Operation(Scene.create, lambda scene: scene.turn(PROPOSED), DRAFTS, (PROPOSALS,)),
    "reject": Operation(proposed, lambda scene: scene.turn(DRAFT), PROPOSALS, (DRAFTS,)),
    "approve": Operation(proposed, lambda scene: scene.turn(PUBLISHED), PROPOSALS, (TAG,)),
    "propose-deletion": Operation(published, lambda scene: scene.turn(GOING), MARK, (MARK, TAG), UPDATE),
    "undelete": Operation(going, lambda scene: scene.turn(PUBLISHED), MARK, (TAG,), UPDATE),
    "delete-draft": Operation(Scene.create, Scene.delete, DRAFTS, (), UPDATE),
    "delete-published": Operation(going, Scene.delete, TAG, (), UPDATE),
    "delete-on-branch": Operation(
        branch_going, lambda scene: scene.delete("main"), "refs/heads/deletionProposed/{}/main", (TAG,), UPDATE
    ),
}
Mend = Callable[[], object]


def gone(scene: Scene, _: Operation) -> Mend:
    hidden = scene.truth.rename(scene.remote.root / "hidden")
    return lambda: hidden.rename(scene.truth)


def refusing(scene: Scene, _: Operation) -> Mend:
    refuse_pushes(scene.truth, "not today")
    return (scene.truth / "hooks" / "pre-receive").unlink


def protected(scene: Scene, operation: Operation) -> Mend:
    """One ref of those that the push moves: the branch, where the operation moves that."""
    ref = BRANCH if operation.send in {OPERATIONS[name].send for name in ("approve", "delete-on-branch")} else ""
    return hook(scene, "update", f'test "$1" != {ref or operation.ref.format(scene.package)}')


def hook(scene: Scene, name: str, script: str) -> Mend:
    path = scene.truth / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path.unlink


def read_only(scene: Scene, _: Operation) -> Mend:
    scene.remote.read_only = True
    return lambda: setattr(scene.remote, "read_only", False)


def locked_out(scene: Scene, _: Operation) -> Mend:
    scene.remote.basic = ("somebody", "else")
    return lambda: setattr(scene.remote, "basic", None)


def broken(scene: Scene, _: Operation) -> Mend:
    scene.remote.status = 500
    return lambda: setattr(scene.remote, "status", None)


def not_pushing(scene: Scene, _: Operation) -> Mend:
    """It can be read, so it is known that nothing was done."""
    scene.remote.push_status = 502
    return lambda: setattr(scene.remote, "push_status", None)


def moved(scene: Scene, operation: Operation) -> Mend:
    """Somebody else was there before: the ref is another commit, by hand."""
    ref = operation.ref.format(scene.package)
    old = scene.refs().get(ref, "")
    parent = old or "main"
    commit = git("commit-tree", f"{parent}^{{tree}}", "-p", parent, "-m", "by hand", cwd=scene.truth)
    git("update-ref", ref, commit, cwd=scene.truth)

    def back() -> None:
        git("update-ref", *([ref, old] if old else ["-d", ref]), cwd=scene.truth)
        synchronise(scene.api, scene.repository)

    return back


FAILURES = [
    (gone, 503, "not found"),
    (refusing, 409, "pre-receive hook declined"),
    (protected, 409, "hook declined"),
    (read_only, 503, "403"),
    (locked_out, 503, "401"),
    (broken, 503, "500; whether it was done is not known"),
    (not_pushing, 503, "status code: 502"),
    (moved, 409, ""),
]


@dataclass(frozen=True)
class World:
    api: Api
    remote: GitHttp

    def scene(self, repository: str, package: str) -> Scene:
        """The repository has the blueprint `base`, in two revisions."""
        found = Scene(self.api, self.remote, repository, package)
        if not found.truth.exists():
            register(self.api, repository, self.remote.create(repository))
            base = Scene(self.api, self.remote, repository, "base")
            published(base)
            assert base.create("v2", copy_of(base.name()), PROPOSED).code == 201
            assert base.turn(PUBLISHED, "v2").code == 200
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Shared: each test has a package of its own, and mends what it breaks."""
    porch = Porch(tmp_path_factory.mktemp("porch") / "data", "--remote-timeout", "4", "--sync-interval", "3600")
    with GitHttp(tmp_path_factory.mktemp("remote")) as remote:
        yield World(porch.launch(), remote)
        porch.end()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("failure", "code", "words"), FAILURES)
def test_an_operation_that_fails_says_why_and_leaves_nothing(
    world: World, operation: str, failure: Callable[[Scene, Operation], Mend], code: int, words: str
) -> None:
    scene, wanted = world.scene("there", f"{operation}-{failure.__name__}".replace("_", "-")), OPERATIONS[operation]
    wanted.before(scene)
    before = scene.shown()
    mend = failure(scene, wanted)
    there = failure is not gone
    refs = scene.refs() if there else {}
    try:
        answer = wanted.send(scene)
        assert (answer.code, answer.reason) == (code, "Conflict" if code == 409 else "ServiceUnavailable")
        assert answer.message.startswith(wanted.failure + PUSH), answer.message
        assert words in answer.message
        assert scene.shown() == before
        assert not there or scene.refs() == refs
    finally:
        mend()
    is_done(scene, wanted, wanted.send(scene))


def is_done(scene: Scene, operation: Operation, answer: Answer) -> None:
    assert answer.code in {200, 201}, answer.text
    of_package = {ref for ref in scene.refs() if f"/{scene.package}/" in ref}
    assert of_package == {ref.format(scene.package) for ref in operation.refs}
    scene.is_in_step()
    for item, _ in scene.shown().values():
        if item["spec"]["workspaceName"] == "v1" and operation.send is not Scene.delete:
            assert item["metadata"]["labels"]["team"] == "core"
            assert operation.send is not edit or item["metadata"]["labels"]["more"] == "yes"


def pushes(remote: GitHttp) -> int:
    return sum(request.startswith("POST") and request.endswith("/git-receive-pack") for request in remote.requests)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_that_was_lost_is_found_out(world: World, operation: str) -> None:
    """The remote did it, the connection broke before it could say so. It is done once, and acknowledged."""
    scene, wanted = world.scene("there", f"{operation}-lost"), OPERATIONS[operation]
    wanted.before(scene)
    before = pushes(world.remote)
    world.remote.cut_answers = True
    try:
        answer = wanted.send(scene)
    finally:
        world.remote.cut_answers = False
    assert pushes(world.remote) - before == 1
    is_done(scene, wanted, answer)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_the_remote_did_before_it_went_away_is_settled_when_it_is_back(world: World, operation: str) -> None:
    """Nobody can say whether it was done. Nothing of it shows until that is known, then all of it."""
    scene, wanted = world.scene("there", f"{operation}-away"), OPERATIONS[operation]
    wanted.before(scene)
    before = scene.shown()
    away = world.remote.root / "away"
    unhook = hook(scene, "post-receive", f'mv "$PWD" "{away}"')
    world.remote.cut_answers = True
    try:
        answer = wanted.send(scene)
        assert (answer.code, answer.reason) == (503, "ServiceUnavailable")
        assert answer.message.startswith(wanted.failure + PUSH)
        assert "not known until the remote answers again" in answer.message
        assert scene.shown() == before
    finally:
        world.remote.cut_answers = False
        away.rename(scene.truth)
        unhook()
    synchronise(scene.api, "there")
    is_done(scene, wanted, Answer(200, b"", {}))


def side_by_side(world: World, package: str) -> dict[str, Scene]:
    """Each operation in a repository of its own, so that they can wait at the same time."""
    scenes = {name: world.scene(f"side-{name}", package) for name in OPERATIONS}
    for name, scene in scenes.items():
        OPERATIONS[name].before(scene)
    return scenes


def send_all(scenes: dict[str, Scene]) -> dict[str, Answer]:
    with ThreadPoolExecutor(len(scenes)) as pool:
        answers = pool.map(lambda name: OPERATIONS[name].send(scenes[name]), scenes)
        return dict(zip(scenes, answers, strict=True))


def test_a_silent_remote_is_given_up_and_what_it_does_later_is_settled(world: World) -> None:
    """The push hangs until the time is up, and so does the question what became of it."""
    scenes = side_by_side(world, "silent")
    before = {name: scene.shown() for name, scene in scenes.items()}
    world.remote.gate.clear()
    try:
        answers = send_all(scenes)
        shown = {name: scene.shown() for name, scene in scenes.items()}
    finally:
        world.remote.gate.set()
    for name, answer in answers.items():
        assert (answer.code, answer.reason) == (503, "ServiceUnavailable"), answer.text
        assert answer.message.startswith(OPERATIONS[name].failure + PUSH)
    assert shown == before
    world.remote.wait_until_idle()
    for name, scene in scenes.items():
        synchronise(scene.api, scene.repository)
        is_done(scene, OPERATIONS[name], Answer(200, b"", {}))


def test_a_slow_remote_that_does_it_after_all_is_followed(world: World, tmp_path: Path) -> None:
    """It is given up, and its refs say that nothing was done. Then the remote does it: once, whole, and it is shown
    with what the request put on it.
    """
    scenes = side_by_side(world, "slow")
    before = {name: (scene.shown(), scene.refs()) for name, scene in scenes.items()}
    go = tmp_path / "go"
    unhook = [hook(scene, "pre-receive", f'until test -e "{go}"; do sleep 0.1; done') for scene in scenes.values()]
    try:
        answers = send_all(scenes)
        shown = {name: (scene.shown(), scene.refs()) for name, scene in scenes.items()}
    finally:
        go.touch()
    for name, answer in answers.items():
        assert (answer.code, answer.reason) in {(409, "Conflict"), (503, "ServiceUnavailable")}, answer.text
        assert answer.message.startswith(OPERATIONS[name].failure + PUSH)
    assert shown == before
    world.remote.wait_until_idle()
    for name, scene in scenes.items():
        unhook.pop()()
        synchronise(scene.api, scene.repository)
        is_done(scene, OPERATIONS[name], Answer(200, b"", {}))

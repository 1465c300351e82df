"""What a Repository may be beside the others, and on this server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from porch.errors import Conflict, Invalid
from porch.objects import Call, Caller, DeleteOptions
from porch.objects.checks import namespace_exists
from porch.objects.repository_checks import file_errors, file_repositories_below
from porch.objects.stored import StoredObjects
from porch.store import Store
from porch.strategy.repository import RepositoryStrategy
from porch.types.meta import ObjectMeta
from porch.types.repository import REPOSITORY, OciRepository, Repository, RepositorySpec
from tests.unit.objects.build import NS, repository, with_meta

SAND = "http://127.0.0.1:19610/sand.git"


@pytest.fixture(autouse=True)
def _sand(repositories: StoredObjects, call: Call) -> None:
    repositories.create(call, NS, repository("sand", SAND))


def _oci(name: str, registry: str) -> Repository:
    return Repository(
        metadata=ObjectMeta(name=name), spec=RepositorySpec(type="oci", oci=OciRepository(registry=registry))
    )


@pytest.mark.parametrize(
    "again",
    [
        {"repo": SAND, "branch": "main"},
        {"repo": SAND},
        {"repo": SAND, "directory": "/"},
        {"repo": SAND, "directory": "/x"},
        {"repo": "http://127.0.0.1:19610/sand"},
        {"repo": "http://127.0.0.1:19610/sand.git/"},
        {"repo": "http://127.0.0.1:19610/s%61nd.git"},
    ],
)
def test_no_two_repositories_manage_one_place(repositories: StoredObjects, call: Call, again: dict[str, Any]) -> None:
    with pytest.raises(Conflict) as caught:
        repositories.create(call, NS, repository("again", **again))
    assert caught.value.message == "Repository conflict with existing repository: default/sand"
    assert caught.value.details is not None
    assert caught.value.details.name == "again"


@pytest.mark.parametrize(
    "other",
    [
        {"repo": SAND, "branch": "b"},
        {"repo": "http://127.0.0.1:19610/sand-2.git"},
        {"repo": "http://127.0.0.1:19611/sand.git"},
        {"repo": "http://127.0.0.1:19610/Sand.git"},
        {"repo": "hosted:///sand"},
    ],
)
def test_other_places_are_free(repositories: StoredObjects, call: Call, other: dict[str, Any]) -> None:
    repositories.create(call, NS, repository("other", **other))
    assert call.warnings == []


def test_directories_may_lie_beside_each_other_but_not_within(repositories: StoredObjects, call: Call) -> None:
    url = "https://example.com/x.git"
    repositories.create(call, NS, repository("teams", url, directory="teams/a"))
    repositories.create(call, NS, repository("teams-beside", url, directory="/teams/ab/"))
    for directory in ("teams/a", "teams/a/b", "teams", ""):
        with pytest.raises(Conflict, match=r"default/teams$"):
            repositories.create(call, NS, repository("within", url, directory=directory))
        if directory != "teams/a":
            with pytest.raises(Conflict, match=r"default/teams$"):
                repositories.create(call, "kube-system", repository("within", url, directory=directory))


def test_the_same_place_in_another_namespace_is_warned_about(repositories: StoredObjects, call: Call) -> None:
    repositories.create(call, "kube-system", repository("sand", SAND))
    assert call.warnings == [
        "Repository default/sand manages the same packages: both change the same branches and tags"
    ]


def test_hosted_repositories_belong_to_their_namespace(repositories: StoredObjects, call: Call) -> None:
    repositories.create(call, NS, repository("one", "hosted:///shared"))
    repositories.create(call, "kube-system", repository("one", "hosted:///shared", directory="x"))
    assert call.warnings == []
    with pytest.raises(Conflict, match=r"default/one$"):
        repositories.create(call, NS, repository("two", "hosted:///shared"))


def test_registries_are_compared_with_registries(repositories: StoredObjects, call: Call) -> None:
    repositories.create(call, NS, _oci("images", "registry.example.com/team"))
    repositories.create(call, NS, _oci("others", "registry.example.com/teams"))
    with pytest.raises(Conflict, match=r"default/images$"):
        repositories.create(call, NS, _oci("again", "Registry.Example.com/team"))


def test_a_place_is_free_again_after_deletion(repositories: StoredObjects, call: Call) -> None:
    repositories.delete(call, NS, "sand", DeleteOptions())
    with pytest.raises(Conflict):
        repositories.create(call, NS, repository("again", SAND))
    repositories.update(call, NS, "sand", with_meta(finalizers=[]))
    repositories.create(call, NS, repository("again", SAND))


def test_an_update_is_no_conflict_with_itself(repositories: StoredObjects, call: Call) -> None:
    repositories.create(call, "kube-system", repository("sand", SAND))
    call.warnings.clear()
    repositories.update(call, NS, "sand", with_meta(labels={"a": "b"}))
    assert call.warnings == []


def test_the_place_of_a_repository_never_changes(repositories: StoredObjects, call: Call) -> None:
    def move(current: Any) -> Any:
        current.spec.git.repo = "http://127.0.0.1:19610/other.git"
        return current

    with pytest.raises(Invalid) as caught:
        repositories.update(call, NS, "sand", move)
    assert caught.value.message == (
        'Repository.config.porch.kpt.dev "sand" is invalid: <nil>: Invalid value: "object": spec.git.repo is immutable'
    )


def test_file_urls_stay_below_the_allowed_directories(tmp_path: Path) -> None:
    allowed, outside = tmp_path / "allowed", tmp_path / "outside"
    allowed.mkdir()
    outside.mkdir()
    (allowed / "link").symlink_to(outside)
    (allowed / "loop").symlink_to(allowed / "loop")
    (tmp_path / "shortcut").symlink_to(allowed)
    names = [str(allowed)]
    assert file_errors(f"file://{allowed}/repo.git", names) == []
    assert file_errors(f"file://{tmp_path}/shortcut/repo.git", names) == []
    assert file_errors("https://example.com/x", []) == []
    for path in (f"{outside}/x", f"{allowed}/link/x", f"{allowed}/%2e%2e/outside/x", f"{allowed}-2/x", "/%00"):
        [error] = file_errors(f"file://{path}", names)
        assert (error.field, error.reason) == ("spec.git.repo", "FieldValueForbidden")
        assert "file-repositories" in error.text
    assert file_errors(f"file://{allowed}/repo.git", []) != []


def test_a_repository_outside_of_them_is_not_registered(
    store: Store, namespaces: StoredObjects, tmp_path: Path
) -> None:
    checks = (namespace_exists(REPOSITORY), file_repositories_below([str(tmp_path / "allowed")]))
    storage = StoredObjects(store, RepositoryStrategy(REPOSITORY), checks)
    call = Call(Caller("jane"))
    storage.create(call, NS, repository("inside", f"file://{tmp_path}/allowed/x.git"))
    with pytest.raises(Invalid, match=r"spec.git.repo: Forbidden: file URLs are only allowed below"):
        storage.create(call, NS, repository("outside", f"file://{tmp_path}/x.git"))

"""The sample request flow as its reader would type it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.server import Client, Server
from tests.wire.space import DASHED, DOTTED, RESOURCES, REVISIONS, SEED, Space, named


def _default(server: Server, client: Client) -> Iterator[Space]:
    """The manifest names the namespace `default`: a fresh `blueprints` in it, emptied again afterwards."""
    space = Space(server, "default", client)
    space.register()
    yield space
    space.kubectl("delete", "packagerevisions,repositories", "--all")


@pytest.fixture
def default(server: Server, client: Client) -> Iterator[Space]:
    yield from _default(server, client)


@pytest.fixture(scope="module")
def dashed_server(surrounding: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("dashed") / "data", "--dashed-names") as running:
        yield running


@pytest.fixture
def dashed(dashed_server: Server) -> Iterator[Space]:
    with dashed_server.client() as client:
        yield from _default(dashed_server, client)


def test_the_manifest_verbatim_is_created_by_kubectl(default: Space) -> None:
    assert (
        default.server.kubectl("create", "-f", "-", stdin=SEED).out
        == f"packagerevision.porch.kpt.dev/{DOTTED} created\n"
    )

    spec = default.get(REVISIONS, DOTTED)["spec"]
    assert spec["lifecycle"] == "Draft"
    assert spec["repository"] == "blueprints"
    assert "repositoryName" not in spec
    assert spec["tasks"] == [{"type": "init", "init": {"description": "My new package"}}]
    files = default.get(RESOURCES, DOTTED)["spec"]["resources"]
    assert {"Kptfile", "README.md"} <= files.keys()
    assert "description: My new package\n" in files["Kptfile"]
    assert set(default.refs()) == {"refs/heads/main", "refs/heads/drafts/my-package/v1"}


@pytest.mark.parametrize("name", [DOTTED, DASHED])
def test_a_manifest_with_a_name_can_be_applied_again_and_again(default: Space, name: str) -> None:
    assert (
        default.server.kubectl("apply", "-f", "-", stdin=named(name)).out
        == f"packagerevision.porch.kpt.dev/{name} created\n"
    )
    first, newest = default.get(REVISIONS, DOTTED), _newest(default)
    again = default.server.kubectl("apply", "-f", "-", stdin=named(name))
    assert again.out.startswith(f"packagerevision.porch.kpt.dev/{name} ")
    assert default.get(REVISIONS, DOTTED) == first
    assert _newest(default) == newest, "an apply that changes nothing is no event"


def _newest(space: Space) -> str:
    """The newest resourceVersion of all package revisions: an event would move it."""
    items = space.client.send("GET", space.path(REVISIONS)).json()["items"]
    return max((str(item["metadata"]["resourceVersion"]) for item in items), key=int)


def test_server_side_apply_says_that_it_is_not_built(default: Space) -> None:
    refusal = default.server.kubectl("apply", "--server-side", "-f", "-", stdin=named(DOTTED), code=1).err
    assert "server-side apply is not built yet" in refusal
    answer = default.client.send(
        "PATCH", default.path(REVISIONS, DOTTED) + "?fieldManager=me", {}, content_type="application/apply-patch+yaml"
    )
    assert (answer.status, answer.json()["reason"]) == (415, "UnsupportedMediaType")
    assert default.names(REVISIONS) == []


def test_porch_apply_takes_the_manifest_verbatim_and_twice(default: Space) -> None:
    assert (
        default.server.porch("apply", "-f", "-", stdin=SEED).out == f"packagerevision.porch.kpt.dev/{DOTTED} created\n"
    )
    first = default.get(REVISIONS, DOTTED)
    assert (
        default.server.porch("apply", "-f", "-", stdin=SEED).out
        == f"packagerevision.porch.kpt.dev/{DOTTED} unchanged\n"
    )
    assert default.get(REVISIONS, DOTTED) == first


def test_the_transcript_replays_to_the_letter_with_dashed_names(dashed: Space) -> None:
    kubectl = dashed.server.kubectl
    assert (
        kubectl("create", "-f", "-", stdin=SEED).out
        == "packagerevision.porch.kpt.dev/blueprints-my-package-v1 created\n"
    )
    assert kubectl("get", "packagerevision", "blueprints-my-package-v1").out.splitlines()[1].split() == [
        "blueprints-my-package-v1", "my-package", "v1", "0", "false", "Draft", "blueprints",
    ]  # fmt: skip
    edited = kubectl(
        "edit",
        "packagerevision",
        "blueprints-my-package-v1",
        environment={"EDITOR": "sed -i 's/^  name: /  labels: {a: b}\\n&/'"},
    )
    assert edited.out == "packagerevision.porch.kpt.dev/blueprints-my-package-v1 edited\n"
    assert dashed.get(REVISIONS, DASHED)["metadata"]["labels"] == {"a": "b"}
    table = kubectl("get", "packagerevisionresources", "blueprints-my-package-v1").out
    assert table.splitlines()[1].split() == ["blueprints-my-package-v1", "my-package", "v1", "0", "blueprints", "3"]


def test_with_dashed_names_collections_carry_them_and_dotted_ones_still_resolve(dashed: Space) -> None:
    dashed.server.kubectl("create", "-f", "-", stdin=SEED)
    assert dashed.names(REVISIONS) == [DASHED]
    assert dashed.get(REVISIONS, DOTTED)["metadata"]["uid"] == dashed.get(REVISIONS, DASHED)["metadata"]["uid"]


def test_with_dashed_names_a_colliding_create_is_refused(dashed: Space) -> None:
    manifest = SEED.replace("my-package", "my/package")
    dashed.server.kubectl("create", "-f", "-", stdin=manifest)
    refusal = dashed.server.kubectl("create", "-f", "-", stdin=SEED, code=1).err
    assert "(AlreadyExists)" in refusal
    assert 'packagerevisions.porch.kpt.dev "blueprints-my-package-v1" already exists' in refusal

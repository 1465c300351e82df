"""`kubectl get` and its relatives: every way to look at objects that exist."""

from __future__ import annotations

import pytest

from tests.wire.space import DASHED, DOTTED, REVISIONS, Space

_HEADER = ["NAME", "PACKAGE", "WORKSPACENAME", "REVISION", "LATEST", "LIFECYCLE", "REPOSITORY"]


@pytest.fixture
def three(space: Space) -> Space:
    for package in ("charlie", "alpha", "bravo"):
        space.draft(package)
    space.kubectl("label", "packagerevision", "blueprints.bravo.v1", "team=net", "tier=db")
    return space


def _rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


@pytest.mark.parametrize("output", [(), ("-o", "wide")])
def test_get_prints_a_table(space: Space, output: tuple[str, ...]) -> None:
    space.draft()
    assert _rows(space.kubectl("get", "packagerevisions", *output).out) == [
        _HEADER,
        [DOTTED, "my-package", "v1", "0", "false", "Draft", "blueprints"],
    ]


def test_get_o_name(three: Space) -> None:
    assert three.kubectl("get", "packagerevisions", "-o", "name").out.splitlines() == [
        f"packagerevision.porch.kpt.dev/blueprints.{package}.v1" for package in ("alpha", "bravo", "charlie")
    ]


def test_get_o_json_and_yaml_say_the_same(space: Space) -> None:
    name = space.draft()
    as_json = space.kubectl("get", "packagerevision", name, "-o", "json").json()
    assert as_json == space.get(REVISIONS, name)
    as_yaml = space.kubectl("get", "packagerevision", name, "-o", "yaml").out
    again = space.kubectl("create", "--dry-run=client", "-o", "json", "-f", "-", stdin=as_yaml)
    assert again.json() == as_json


def test_get_o_jsonpath_and_custom_columns(space: Space) -> None:
    name = space.draft()
    path = "jsonpath={.spec.lifecycle} {.spec.tasks[0].type}"
    assert space.kubectl("get", "packagerevision", name, "-o", path).out == "Draft init"
    columns = "custom-columns=P:.spec.packageName,W:.spec.workspaceName"
    assert _rows(space.kubectl("get", "packagerevisions", "-o", columns).out) == [["P", "W"], ["my-package", "v1"]]


def test_get_l_selects_by_label(three: Space) -> None:
    for selector, found in (
        ("team=net", 1), ("team", 1), ("!team", 2), ("team!=net", 2), ("team in (net,web)", 1), ("team notin (net)", 2),
        ("team=net,tier=x", 0),
    ):  # fmt: skip
        names = three.kubectl("get", "packagerevisions", "-l", selector, "-o", "name").out.splitlines()
        assert len(names) == found, selector


def test_get_shows_labels(three: Space) -> None:
    assert _rows(three.kubectl("get", "packagerevisions", "-L", "team").out)[2][-1] == "net"
    assert _rows(three.kubectl("get", "packagerevisions", "--show-labels").out)[2][-1] == "team=net,tier=db"


@pytest.mark.parametrize(
    "selector",
    [
        "metadata.name=blueprints.alpha.v1",
        "spec.packageName=alpha",
        "spec.packageName=alpha,spec.workspaceName=v1,spec.repository=blueprints,spec.lifecycle=Draft,spec.revision=0",
        "spec.packageName!=bravo,spec.packageName!=charlie",
    ],
)
def test_get_field_selector(three: Space, selector: str) -> None:
    assert three.kubectl("get", "packagerevisions", "--field-selector", selector, "-o", "name").out.splitlines() == [
        "packagerevision.porch.kpt.dev/blueprints.alpha.v1"
    ]


def test_get_names_a_field_that_cannot_be_selected_by(space: Space) -> None:
    refusal = space.refused("get", "packagerevisions", "--field-selector", "spec.colour=red")
    assert refusal.startswith("Error from server (BadRequest): ")
    assert '"spec.colour" is not a known field selector' in refusal


def test_get_of_all_namespaces_shows_namespaces(three: Space) -> None:
    rows = _rows(three.kubectl("get", "packagerevisions", "-A").out)
    assert rows[0] == ["NAMESPACE", *_HEADER]
    assert [row[1] for row in rows if row[0] == three.namespace] == [
        "blueprints.alpha.v1", "blueprints.bravo.v1", "blueprints.charlie.v1",
    ]  # fmt: skip


def test_get_sort_by(three: Space) -> None:
    names = three.kubectl("get", "packagerevisions", "--sort-by=.metadata.resourceVersion", "-o", "name").out.split()
    assert [name.split(".")[-2] for name in names] == ["charlie", "alpha", "bravo"]


def test_get_in_chunks(three: Space) -> None:
    whole = three.kubectl("get", "packagerevisions").out
    assert three.kubectl("get", "packagerevisions", "--chunk-size=1").out == whole
    page = three.client.send("GET", three.path(REVISIONS) + "?limit=2").json()
    assert len(page["items"]) == 2
    assert page["metadata"]["remainingItemCount"] == 1
    rest = three.client.send("GET", three.path(REVISIONS) + f"?limit=2&continue={page['metadata']['continue']}").json()
    assert [item["spec"]["packageName"] for item in rest["items"]] == ["charlie"]
    assert "continue" not in rest["metadata"]


def test_get_several_kinds_at_once(space: Space) -> None:
    space.draft()
    names = space.kubectl("get", "packagerevisions,packagerevisionresources,packages,repositories", "-o", "name").out
    assert names.splitlines() == [
        f"packagerevision.porch.kpt.dev/{DOTTED}",
        f"packagerevisionresources.porch.kpt.dev/{DOTTED}",
        "porchpackage.porch.kpt.dev/blueprints.my-package",
        "repository.config.porch.kpt.dev/blueprints",
    ]


def test_get_of_nothing(empty: Space) -> None:
    assert empty.kubectl("get", "packagerevisions").err == f"No resources found in {empty.namespace} namespace.\n"
    assert empty.refused("get", "packagerevision", "blueprints.none.v1") == (
        'Error from server (NotFound): packagerevisions.porch.kpt.dev "blueprints.none.v1" not found'
    )


def test_get_w_follows_all_that_happens(space: Space) -> None:
    space.draft("first")
    with space.following("get", "packagerevisions", "-w", "--output-watch-events", "--no-headers") as lines:
        assert lines.next().split()[:2] == ["ADDED", "blueprints.first.v1"]
        space.draft("second")
        assert lines.next().split()[:2] == ["ADDED", "blueprints.second.v1"]
        space.kubectl("label", "packagerevision", "blueprints.first.v1", "a=b")
        assert lines.next().split()[:2] == ["MODIFIED", "blueprints.first.v1"]
        space.kubectl("delete", "packagerevision", "blueprints.second.v1")
        assert lines.next().split() == [
            "DELETED", "blueprints.second.v1", "second", "v1", "0", "false", "Draft", "blueprints",
        ]  # fmt: skip


def test_get_w_with_a_selector_says_when_an_object_leaves_it(space: Space) -> None:
    space.draft("first")
    space.kubectl("label", "packagerevision", "blueprints.first.v1", "a=b")
    with space.following(
        "get", "packagerevisions", "-w", "-l", "a=b", "--output-watch-events", "--no-headers"
    ) as lines:
        assert lines.next().split()[:2] == ["ADDED", "blueprints.first.v1"]
        space.draft("second")
        space.kubectl("label", "packagerevision", "blueprints.first.v1", "a-")
        assert lines.next().split()[:2] == ["DELETED", "blueprints.first.v1"]


def test_describe(space: Space) -> None:
    space.draft()
    text = space.kubectl("describe", "packagerevision", DASHED).out
    for line in (f"Name:         {DASHED}", f"Namespace:    {space.namespace}", "Kind:         PackageRevision"):
        assert line in text
    assert "Reason:           RenderSuccess" in text
    described = space.kubectl("describe", "repository", "blueprints").out
    assert "Reason:                Ready" in described


def test_wait_for_a_condition_a_value_and_a_deletion(space: Space) -> None:
    name = space.draft()
    for what in ("condition=Rendered", "jsonpath={.spec.lifecycle}=Draft"):
        assert "condition met" in space.kubectl("wait", f"--for={what}", f"packagerevision/{name}").out
    space.kubectl("delete", "packagerevision", name, "--wait=false")
    space.kubectl("wait", "--for=delete", f"packagerevision/{name}", "--timeout=20s")

"""What every kubectl must find out and show: the oldest to be had, one between, the newest."""

from __future__ import annotations

import pytest

from tests.clients.program import OLDEST, Program
from tests.wire.space import DASHED, DOTTED, SEED

_HEADER = ["NAME", "PACKAGE", "WORKSPACENAME", "REVISION", "LATEST", "LIFECYCLE", "REPOSITORY"]
_REPOSITORY = """\
apiVersion: config.porch.kpt.dev/v1alpha1
kind: Repository
metadata:
  name: blueprints
spec:
  type: git
  git:
    repo: hosted:///blueprints
"""


def _rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def _names(text: str) -> list[str]:
    return [line.rpartition("/")[2].split(".")[1] for line in text.split()]


def test_it_learns_what_the_server_has(kubectl: Program) -> None:
    assert "+porch-" in kubectl("version", "-o", "json").json()["serverVersion"]["gitVersion"]
    assert {"v1", "porch.kpt.dev/v1alpha1"} <= set(kubectl("api-versions").out.split())
    kinds = {row[-1] for row in _rows(kubectl("api-resources", "--no-headers").out)}
    assert kinds >= {"PackageRevision", "PackageRevisionResources", "Repository", "Namespace", "ConfigMap", "Role"}
    assert "get" in kubectl("api-resources", "--api-group=porch.kpt.dev", "-o", "wide").out
    assert kubectl("get", "--raw", "/readyz?verbose").out.endswith("readyz check passed\n")


def test_it_explains_every_kind_of_ours(kubectl: Program) -> None:
    for kind in ("packagerevisions", "packagerevisionresources", "packages", "repositories"):
        assert "KIND:" in kubectl("explain", kind).out
    assert "Path of the package in the repository" in kubectl("explain", "packagerevision.spec").out
    assert "description\t<string>" in kubectl("explain", "packagerevision.spec.tasks", "--recursive").out


def test_it_knows_what_the_caller_may_do(kubectl: Program) -> None:
    assert kubectl("auth", "can-i", "create", "packagerevisions").out == "yes\n"
    assert kubectl("auth", "can-i", "create", "packagerevisions", "--as=bob", code=1).out.startswith("no")
    assert "*.*" in kubectl("auth", "can-i", "--list").out
    if kubectl.path.name != OLDEST:
        assert "porch-admin" in kubectl("auth", "whoami").out


def test_the_sample_flow(kubectl: Program) -> None:
    manifest = SEED.replace("default", kubectl.space.namespace)
    assert kubectl("apply", "-f", "-", stdin=_REPOSITORY).out.endswith("/blueprints created\n")
    assert kubectl("create", "-f", "-", stdin=manifest).out == f"packagerevision.porch.kpt.dev/{DOTTED} created\n"
    assert _rows(kubectl("get", "packagerevisions").out) == [
        _HEADER, [DOTTED, "my-package", "v1", "0", "false", "Draft", "blueprints"],
    ]  # fmt: skip
    kptfile = kubectl("get", "packagerevisionresources", DASHED, "-o", "jsonpath={.spec.resources.Kptfile}").out
    assert "description: My new package" in kptfile
    kubectl("wait", "--for=condition=Ready", "repository/blueprints", "--timeout=20s")
    repositories = _rows(kubectl("get", "repositories").out)
    assert repositories[1][:4] == ["blueprints", "git", "Package", "false"]

    editor = "sed -i 's/My new package/My edited package/'"
    kubectl("edit", "packagerevisionresources", DASHED, EDITOR=editor)
    assert "My edited package" in kubectl("get", "packagerevisionresources", DASHED, "-o", "yaml").out
    assert "workspaceNames must be unique" in kubectl("create", "-f", "-", stdin=manifest, code=1).err


@pytest.fixture
def three(kubectl: Program) -> Program:
    kubectl.space.register()
    for package in ("charlie", "alpha", "bravo"):
        kubectl.space.draft(package)
    kubectl("label", "packagerevision", "blueprints.bravo.v1", "team=net")
    return kubectl


def test_it_shows_lists_in_every_way(three: Program) -> None:
    get = ("get", "packagerevisions")
    assert _names(three(*get, "-o", "name").out) == ["alpha", "bravo", "charlie"]
    assert _rows(three(*get, "-o", "wide").out)[0] == _HEADER
    assert _rows(three(*get, "--show-labels").out)[2][-1] == "team=net"
    assert ["NAMESPACE", *_HEADER] == _rows(three(*get, "-A").out)[0]
    assert _names(three(*get, "--sort-by=.metadata.resourceVersion", "-o", "name").out) == ["charlie", "alpha", "bravo"]
    assert three(*get, "--chunk-size=1").out == three(*get).out
    assert _names(three(*get, "-l", "team in (net,web)", "-o", "name").out) == ["bravo"]
    assert _names(three(*get, "-l", "!team", "-o", "name").out) == ["alpha", "charlie"]
    assert _names(three(*get, "--field-selector", "spec.packageName=alpha", "-o", "name").out) == ["alpha"]
    assert "not a known field selector" in three(*get, "--field-selector", "spec.colour=red", code=1).err
    assert three(*get, "-o", "custom-columns=P:.spec.packageName", "--no-headers").out.split() == [
        "alpha", "bravo", "charlie",
    ]  # fmt: skip
    assert "(NotFound)" in three("get", "packagerevision", "blueprints.none.v1", code=1).err


def test_it_describes_objects(three: Program) -> None:
    text = three("describe", "packagerevision", "blueprints.bravo.v1").out
    assert "team=net" in text
    assert "RenderSuccess" in text
    assert "hosted:///blueprints" in three("describe", "repository", "blueprints").out


def test_it_tells_the_events_of_an_object(three: Program) -> None:
    obj = three.space.get("repositories", "blueprints")
    keys = {key: obj["metadata"][key] for key in ("name", "namespace", "uid")}
    event = {
        "metadata": {"name": "blueprints.1"},
        "involvedObject": {"apiVersion": obj["apiVersion"], "kind": obj["kind"], **keys},
        "reason": "Noticed",
        "message": "somebody looked at it",
        "type": "Normal",
    }
    three.space.create("events", event)
    assert "somebody looked at it" in three("describe", "repository", "blueprints").out
    assert "Noticed" in three("get", "events", "--field-selector=involvedObject.name=blueprints,reason=Noticed").out
    if three.path.name != OLDEST:
        assert "Noticed" in three("events", "--for=repository/blueprints").out


def test_it_reads_a_status_by_itself(three: Program) -> None:
    status = ("get", "repository", "blueprints", "--subresource=status", "-o", "jsonpath={.status.conditions[0].type}")
    assert three(*status).out == "Ready"


def test_it_follows_what_happens(three: Program) -> None:
    with three.following("get", "packagerevisions", "-w", "--output-watch-events", "--no-headers") as lines:
        assert [lines.next().split()[:2] for _ in range(3)] == [
            ["ADDED", f"blueprints.{package}.v1"] for package in ("alpha", "bravo", "charlie")
        ]
        three.space.draft("delta")
        assert lines.next().split()[:2] == ["ADDED", "blueprints.delta.v1"]
        three("label", "packagerevision", "blueprints.delta.v1", "a=b")
        assert lines.next().split()[:2] == ["MODIFIED", "blueprints.delta.v1"]
        three("delete", "packagerevision", "blueprints.delta.v1")
        assert lines.next().split()[:2] == ["DELETED", "blueprints.delta.v1"]


def test_it_waits_for_conditions_values_and_ends(three: Program) -> None:
    name = "packagerevision/blueprints.alpha.v1"
    for what in ("condition=Rendered", "jsonpath={.spec.lifecycle}=Draft"):
        assert "condition met" in three("wait", f"--for={what}", name, "--timeout=20s").out
    three("delete", name, "--wait=false")
    three("wait", "--for=delete", name, "--timeout=20s")
    assert "timed out" in three("wait", "--for=condition=Never", "repository/blueprints", "--timeout=1s", code=1).err

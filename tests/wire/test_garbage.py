"""Garbage in every field of every kind that clients write: a 4xx that names the field, and nothing is stored."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.garbage import BODIES, HUGE, JSON, NUMBERS, WORDS, fields, nested
from tests.support.server import CORE, Answer, Server
from tests.wire.space import DOTTED, RESOURCES, REVISIONS, Space, repository, revision

Bad = tuple[str, Any, str]
"""Where in the object, the value to put there, and what the answer must have in its message or causes."""

ABSENT = ...
MERGE, STRATEGIC, STEPS = (f"application/{kind}-patch+json" for kind in ("merge", "strategic-merge", "json"))
KEPT = "blueprints.kept.v1"
KINDS: dict[str, dict[str, Any]] = {
    REVISIONS: revision(),
    "repositories": repository("blue"),
    "secrets": {"metadata": {"name": "login"}, "type": "Opaque", "data": {"user": "bWU="}},
}


def task(kind: str, **payload: Any) -> list[Any]:
    return [{"type": kind, kind: payload}]


METADATA: list[Bad] = [
    ("metadata", "text", ".metadata of type"),
    ("metadata.name", ["x"], "metadata.name"),
    ("metadata.name", nested(150), "metadata.name"),
    ("metadata.namespace", 7, "metadata.namespace"),
    ("metadata.namespace", "elsewhere", "the namespace of the provided object"),
    ("metadata.labels", {"a": 1}, "metadata.labels.a"),
    ("metadata.labels", {"x" * 64: ""}, "metadata.labels"),
    ("metadata.labels", {"a": "x" * 64}, "metadata.labels"),
    ("metadata.labels", {"../a": ""}, "metadata.labels"),
    ("metadata.labels", {"a": "new\nline"}, "metadata.labels"),
    ("metadata.labels", {"nul\0": ""}, "metadata.labels"),
    ("metadata.labels", {f"a{number}": "" for number in range(1001)}, "metadata.labels"),
    ("metadata.annotations", ["a"], "metadata.annotations"),
    ("metadata.annotations", {"a": "x" * 300_000}, "metadata.annotations"),
    ("metadata.annotations", {"/etc/passwd": ""}, "metadata.annotations"),
    ("metadata.finalizers", "x", "metadata.finalizers"),
    ("metadata.finalizers", [".."], "metadata.finalizers"),
    ("metadata.ownerReferences", [{}], "metadata.ownerReferences[0].uid"),
    ("metadata.generation", HUGE, "metadata.generation"),
    ("metadata.generation", 1.5, "metadata.generation"),
    ("metadata.color", "red", 'unknown field "metadata.color"'),
    ("color", nested(150), 'unknown field "color"'),
]

REVISION: list[Bad] = [
    ("spec", [], ".spec of type"),
    ("spec", ABSENT, "spec.packageName"),
    ("spec.packageName", None, "spec.packageName"),
    ("spec.packageName", "a/../b", "spec.packageName"),
    ("spec.packageName", "a/.git/b", "spec.packageName"),
    ("spec.packageName", "a//b", "spec.packageName"),
    ("spec.packageName", "a\tb", "spec.packageName"),
    ("spec.packageName", "a\\b", "spec.packageName"),
    ("spec.packageName", "a/" * 2000 + "a", "spec.packageName"),
    ("spec.workspaceName", ABSENT, "spec.workspaceName"),
    ("spec.workspaceName", {"a": 1}, "spec.workspaceName"),
    ("spec.workspaceName", "..", "spec.workspaceName"),
    ("spec.workspaceName", "a/b", "spec.workspaceName"),
    ("spec.workspaceName", ".git", "spec.workspaceName"),
    ("spec.workspaceName", "v1\n", "spec.workspaceName"),
    ("spec.workspaceName", "v\0", "spec.workspaceName"),
    ("spec.workspaceName", "v1.lock", "spec.workspaceName"),
    ("spec.workspaceName", "x" * 64, "spec.workspaceName"),
    ("spec.repository", ABSENT, "spec.repository"),
    ("spec.repository", True, "spec.repository"),
    ("spec.repository", "../up", 'repository part "../up"'),
    ("spec.repository", "x" * 10_000, "spec.repository"),
    ("spec.lifecycle", True, "spec.lifecycle"),
    ("spec.lifecycle", "DeletionProposed", "spec.lifecycle"),
    ("spec.lifecycle", "Draft\0", "spec.lifecycle"),
    ("spec.revision", HUGE, "spec.revision"),
    ("spec.revision", "1", "spec.revision"),
    ("spec.parent", "x", "spec.parent"),
    ("spec.readinessGates", {}, "spec.readinessGates"),
    ("spec.readinessGates", [{"conditionType": 1}], "spec.readinessGates[0].conditionType"),
    ("spec.packageMetadata", {"labels": []}, "spec.packageMetadata.labels"),
    ("spec.tasks", [7], "spec.tasks[0]"),
    ("spec.tasks", [{}], "spec.tasks[0].type"),
    ("spec.tasks", nested(150), "spec.tasks[0]"),
    ("spec.tasks", task("init", keywords="a"), "spec.tasks[0].init.keywords"),
    ("spec.tasks", task("init", keywords=[1]), "spec.tasks[0].init.keywords[0]"),
    ("spec.tasks", task("init", Description="d"), 'unknown field "spec.tasks[0].init.Description"'),
    ("spec.tasks", task("clone", upstreamRef={"git": "x"}), "spec.tasks[0].clone.upstreamRef.git"),
    ("spec.tasks", task("clone", upstreamRef={"type": "git", "git": {"repo": "file:///etc"}}), "spec.tasks[0]"),
    ("spec.tasks", task("edit", sourceRef={"name": ""}), "spec.tasks[0].edit.sourceRef"),
    ("spec.tasks", task("upgrade", strategy=["guess"]), "spec.tasks[0].upgrade.strategy"),
    ("status.conditions", [{"type": 1}], "status.conditions[0].type"),
    ("spec.packagename", "x", 'unknown field "spec.packagename"'),
]

REPOSITORY: list[Bad] = [
    ("metadata.name", ABSENT, "metadata.name"),
    ("metadata.name", "..", "metadata.name"),
    ("metadata.name", ".git", "metadata.name"),
    ("metadata.name", "a/b", "metadata.name"),
    ("metadata.name", "a\0b", "metadata.name"),
    ("metadata.name", "x" * 300, "metadata.name"),
    ("spec", "git", ".spec of type"),
    ("spec.type", 1, "spec.type"),
    ("spec.deployment", "true", "spec.deployment"),
    ("spec.content", "Function", "spec.content"),
    ("spec.git", [], "spec.git"),
    ("spec.git", ABSENT, "spec.git"),
    ("spec.git.repo", ABSENT, "spec.git.repo"),
    ("spec.git.repo", {}, "spec.git.repo"),
    ("spec.git.repo", "../up", "spec.git.repo"),
    ("spec.git.repo", "/etc", "spec.git.repo"),
    ("spec.git.repo", "ext::sh -c id", "spec.git.repo"),
    ("spec.git.repo", "--upload-pack=id", "spec.git.repo"),
    ("spec.git.repo", "http://h/x\n.git", "spec.git.repo"),
    ("spec.git.repo", "http://h/x\0.git", "spec.git.repo"),
    ("spec.git.repo", "hosted:///.git", "spec.git.repo"),
    ("spec.git.repo", "hosted:///a/b", "spec.git.repo"),
    ("spec.git.repo", "http://h/" + "x" * 100_000, "spec.git.repo"),
    ("spec.git.branch", "..", "spec.git.branch"),
    ("spec.git.branch", "a b", "spec.git.branch"),
    ("spec.git.branch", "-f", "spec.git.branch"),
    ("spec.git.branch", "a.lock", "spec.git.branch"),
    ("spec.git.branch", "a\0b", "spec.git.branch"),
    ("spec.git.branch", 1, "spec.git.branch"),
    ("spec.git.directory", "a/../../b", "spec.git.directory"),
    ("spec.git.directory", ".git", "spec.git.directory"),
    ("spec.git.directory", "a\0b", "spec.git.directory"),
    ("spec.git.directory", "a\nb", "spec.git.directory"),
    ("spec.git.directory", ["a"], "spec.git.directory"),
    ("spec.git.createBranch", "yes", "spec.git.createBranch"),
    ("spec.git.secretRef", "login", "spec.git.secretRef"),
    ("spec.git.secretRef", {"name": "../x"}, "spec.git.secretRef"),
    ("spec.git.author", "a\nb <x>", "spec.git.author"),
    ("spec.git.email", "a\0b", "spec.git.email"),
    ("spec.sync", {"schedule": 5}, "spec.sync.schedule"),
    ("spec.sync", {"schedule": "often"}, "spec.sync.schedule"),
    ("spec.sync", {"runOnceAt": "soon"}, "spec.sync.runOnceAt"),
    ("status", {"packageCount": HUGE}, "status.packageCount"),
    ("spec.git.Repo", "x", 'unknown field "spec.git.Repo"'),
]

SECRETS: list[Bad] = [
    ("metadata.name", ABSENT, "metadata.name"),
    ("metadata.name", "..", "metadata.name"),
    ("metadata.name", "a/b", "metadata.name"),
    ("metadata.name", "x" * 300, "metadata.name"),
    ("type", 1, "Secret.type"),
    ("immutable", "yes", "immutable"),
    ("data", ["a"], "Secret.data"),
    ("data", {"user": 1}, "data.user"),
    ("data", {"user": "not base64!"}, "data[user]"),
    ("data", {"..": "bWU="}, "data[..]"),
    ("data", {"a/b": "bWU="}, "data[a/b]"),
    ("data", {"a\0b": "bWU="}, "data[a\0b]"),
    ("data", {"x" * 300: "bWU="}, "data[xxx"),
    ("data", {"user": "AAAA" * 500_000}, "data: Too long"),
    ("stringData", {"user": None, "..": "x"}, "data[..]"),
    ("stringData", {"user": {"deep": nested(100)}}, "stringData.user"),
    ("password", "x", 'unknown field "password"'),
]

FILES: list[Bad] = [
    ("spec", "text", ".spec of type"),
    ("spec.resources", [], "spec.resources"),
    ("spec.resources", {"a.yaml": 1}, "spec.resources.a.yaml"),
    ("spec.resources", {"a.yaml": nested(150)}, "spec.resources.a.yaml"),
    ("spec.resources", {"/etc/passwd": "x"}, "spec.resources[/etc/passwd]"),
    ("spec.resources", {"a/../../b": "x"}, "spec.resources[a/../../b]"),
    ("spec.resources", {"a/.git/config": "x"}, "spec.resources[a/.git/config]"),
    ("spec.resources", {".GIT/config": "x"}, "spec.resources[.GIT/config]"),
    ("spec.resources", {"a\\..\\b": "x"}, "spec.resources"),
    ("spec.resources", {"tab\t": "x"}, "spec.resources"),
    ("spec.resources", {"a/": "x"}, "spec.resources[a/]"),
    ("spec.resources", {"a": "x", "a/b": "y"}, "spec.resources"),
    ("spec.resources", {"x" * 5000: "x"}, "spec.resources"),
    ("spec.resources", {"a/" * 500 + "a": "x"}, "spec.resources"),
    ("spec.binaryResources", "x", "spec.binaryResources"),
    ("spec.binaryResources", {"a.png": "not base64!"}, "spec.binaryResources[a.png]"),
    ("spec.binaryResources", {"../a.png": "AAAA"}, "spec.binaryResources[../a.png]"),
    ("spec.binaryResources", {"Kptfile": "AAAA"}, "Kptfile"),
    ("spec.packageName", {}, "spec.packageName"),
    ("spec.revision", HUGE, "spec.revision"),
    ("spec.files", {}, 'unknown field "spec.files"'),
    ("metadata.resourceVersion", ABSENT, "metadata.resourceVersion"),
    ("metadata.resourceVersion", 7, "metadata.resourceVersion"),
    ("metadata.uid", "another", "UID"),
    ("metadata.labels", ["a"], "metadata.labels"),
]

CREATES: list[tuple[str, dict[str, Any], Bad]] = [
    (resource, KINDS[resource], bad)
    for resource, own in ((REVISIONS, REVISION), ("repositories", REPOSITORY), ("secrets", SECRETS))
    for bad in METADATA + own
]


@pytest.fixture(scope="module")
def place(server: Server) -> Iterator[Space]:
    """One namespace for all that is refused; a hosted repository and a draft are there already."""
    with server.client() as client:
        assert client.send("POST", f"{CORE}/namespaces", {"metadata": {"name": "garbage"}}).status == 201
        place = Space(server, "garbage", client)
        place.register()
        assert place.draft("kept") == KEPT
        yield place


def shown(bad: Bad) -> str:
    return ascii(f"{bad[0]}={str(bad[1])[:30]}")[1:-1]


def spoilt(obj: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the object with the value at the dotted path, or without the field."""
    result = copy.deepcopy(obj)
    *above, last = path.split(".")
    inner = result
    for part in above:
        inner = inner.setdefault(part, {})
    inner[last] = value
    if value is ABSENT:
        del inner[last]
    return result


def assert_refused(answer: Answer, named: str) -> None:
    assert 400 <= answer.status < 500, answer
    told = answer.json()
    causes = told.get("details", {}).get("causes", [])
    assert named in told["message"] or any(named in cause.get("field", "") for cause in causes), told
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize(
    ("resource", "obj", "bad"), CREATES, ids=[f"{resource}-{shown(bad)}" for resource, _, bad in CREATES]
)
def test_a_create_with_a_spoilt_field(place: Space, resource: str, obj: dict[str, Any], bad: Bad) -> None:
    path, value, named = bad
    before = place.names(resource)
    answer = place.client.send("POST", f"{place.path(resource)}?fieldValidation=Strict", spoilt(obj, path, value))
    assert_refused(answer, named)
    assert place.names(resource) == before


@pytest.mark.parametrize("bad", FILES, ids=shown)
def test_an_update_of_files_with_a_spoilt_field(place: Space, bad: Bad) -> None:
    path, value, named = bad
    before, refs = place.get(RESOURCES, KEPT), place.refs()
    where = f"{place.path(RESOURCES, KEPT)}?fieldValidation=Strict"
    assert_refused(place.client.send("PUT", where, spoilt(before, path, value)), named)
    assert place.get(RESOURCES, KEPT) == before
    assert place.refs() == refs


@pytest.mark.parametrize("resource", [REVISIONS, "repositories", "secrets"])
@pytest.mark.parametrize(("body", "media"), BODIES, ids=[ascii(body[:30]) for body, _ in BODIES])
def test_a_body_that_is_no_object(place: Space, resource: str, body: bytes, media: str) -> None:
    before = place.names(resource)
    answer = place.client.send("POST", place.path(resource), body, content_type=media)
    assert (answer.status, answer.json()["reason"]) == (400, "BadRequest")
    assert len(answer.body) < 2000
    assert place.names(resource) == before


TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(WORDS)
ANY_NUMBER = st.integers() | st.floats() | st.sampled_from(NUMBERS)
ANYTHING = st.recursive(
    st.none() | st.booleans() | ANY_NUMBER | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def almost(draw: st.DrawFn, obj: dict[str, Any]) -> Any:
    """The object with anything in one or two of its fields."""
    result = copy.deepcopy(obj)
    for _ in range(draw(st.integers(1, 2))):
        inner, key = draw(st.sampled_from(fields(result)))
        inner[key] = draw(ANYTHING)
    return result


FILES_PATCH = {"metadata": {"labels": {"a": "b"}}, "spec": {"resources": {"Kptfile": "kind: Kptfile"}}}
OPERATION = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"])},
    optional={
        "path": TEXTS | st.sampled_from(["/spec/tasks/0", "/spec/resources/Kptfile", "/metadata/labels", "/-"]),
        "from": TEXTS | st.sampled_from(["", "/spec", "/metadata/name"]),
        "value": ANYTHING,
    },
)
REQUESTS = st.one_of(
    *(
        st.tuples(st.just(("POST", resource, "")), ANYTHING | almost(obj), st.just(JSON))
        for resource, obj in KINDS.items()
    ),
    *(
        st.tuples(st.just(("PATCH", resource, DOTTED)), ANYTHING | almost(obj), st.sampled_from([MERGE, STRATEGIC]))
        for resource, obj in ((REVISIONS, revision()), (RESOURCES, FILES_PATCH))
    ),
    st.tuples(
        st.sampled_from([("PATCH", REVISIONS, DOTTED), ("PATCH", RESOURCES, DOTTED)]),
        st.lists(OPERATION | ANYTHING, max_size=4),
        st.just(STEPS),
    ),
)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=REQUESTS)
def test_no_json_is_a_fault_of_the_server(space: Space, sent: tuple[tuple[str, str, str], Any, str]) -> None:
    (method, resource, name), body, media = sent
    if DOTTED not in space.names(REVISIONS):
        space.draft()
    answer = space.client.send(method, space.path(resource, name), body, content_type=media)
    assert answer.status < 500, answer
    assert b"Traceback" not in answer.body
    assert space.client.send("GET", space.path(resource)).status == 200

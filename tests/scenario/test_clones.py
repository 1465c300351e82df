"""Packages are cloned, copied and upgraded as upstream did it: its repositories, its requests, its results.

The fixtures hold what upstream wrote. Ours must be the same but for what is better: comments of a Kptfile stay, the
directory of a lock is the whole one, and modes are kept.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from porch.krm.yaml import load_json_like
from tests.interop.conftest import adopt
from tests.scenario.running import RESOURCES, REVISIONS, Api, Json, Porch, revision
from tests.support.githttp import GitHttp, git

UPSTREAMS_OWN = "http://127.0.0.1:19610"


@dataclass
class Managed:
    """A server that has adopted upstream's repositories."""

    api: Api
    remote: GitHttp

    def create(self, repository: str, package: str, workspace: str, task: Json, **meta: Json) -> Json:
        obj = revision(repository, package, workspace, **meta)
        obj["spec"]["tasks"] = [task]
        return self.api.do("POST", REVISIONS, obj)

    def files(self, name: str) -> dict[str, str]:
        spec = self.api.do("GET", f"{RESOURCES}/{name}")["spec"]
        return {**spec["resources"], **spec.get("binaryResources", {})}

    def upstreams(self, commit: str, directory: str) -> dict[str, str]:
        """What upstream has in a commit of `edge`, with our addresses."""
        tree = f"{commit}:{directory}"
        names = git("ls-tree", "-r", "--name-only", tree, cwd=self.remote.path("edge")).splitlines()
        shown = {name: self._show("edge", f"{tree}/{name}") for name in names}
        address = self.remote.url("edge").removesuffix("/edge.git")
        return {name: text.replace(UPSTREAMS_OWN, address) for name, text in shown.items()}

    def first_commit(self, ref: str, subject: str) -> str:
        """The newest commit of `edge` before a ref whose subject has this word."""
        log = git("log", "--format=%H %s", ref, cwd=self.remote.path("edge")).splitlines()
        return next(line.split()[0] for line in log if subject in line)

    def here(self, task: Json) -> Json:
        """With our address of the repository that is not registered."""
        return json.loads(json.dumps(task).replace("EXT", self.remote.url("ext")))

    def _show(self, repository: str, name: str) -> str:
        command = ["git", "cat-file", "blob", name]
        return subprocess.run(
            command, cwd=self.remote.path(repository), capture_output=True, check=True
        ).stdout.decode()


@pytest.fixture(scope="module")
def managed(surrounding: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Managed]:
    """Shared: each test makes packages of its own."""
    root = tmp_path_factory.mktemp("remote")
    porch = Porch(tmp_path_factory.mktemp("porch") / "data")
    with GitHttp(root) as remote:
        api = porch.launch()
        adopt(api, remote)
        yield Managed(api, remote)
        porch.end()


def clone_of(name: str) -> Json:
    return {"type": "clone", "clone": {"upstreamRef": {"upstreamRef": {"name": name}}}}


def git_clone(**git_fields: Json) -> Json:
    return {"type": "clone", "clone": {"upstreamRef": {"type": "git", "git": git_fields}}}


def copy_of(name: str) -> Json:
    return {"type": "edit", "edit": {"sourceRef": {"name": name}}}


def upgrade(old: str, new: str, local: str, strategy: str = "") -> Json:
    refs = {"oldUpstreamRef": old, "newUpstreamRef": new, "localPackageRevisionRef": local}
    named: Json = {key: {"name": name} for key, name in refs.items()}
    return {"type": "upgrade", "upgrade": named | ({"strategy": strategy} if strategy else {})}


def same(ours: dict[str, str], theirs: dict[str, str]) -> None:
    """The Kptfile may be laid out otherwise: upstream writes it anew."""
    assert sorted(ours) == sorted(theirs)
    for path, text in theirs.items():
        if path == "Kptfile":
            assert load_json_like(ours[path].encode()) == load_json_like(text.encode())
        else:
            assert ours[path] == text, path


def test_a_clone_into_a_deployment_repository_is_upstreams_byte_for_byte(managed: Managed) -> None:
    made = managed.create("edge", "site9/base", "v1", clone_of("catalog.base.v1"))
    assert made["spec"]["tasks"] == [clone_of("catalog.base.v1")]
    assert made["status"]["upstreamLock"]["git"]["ref"] == "base/v1"
    wanted = managed.upstreams(managed.first_commit("site1/base/v1", "cloning"), "site1/base")
    wanted = {path: text.replace("site1/base", "site9/base") for path, text in wanted.items()}
    assert managed.files("edge.site9.base.v1") == wanted


@pytest.mark.parametrize(
    ("package", "ref", "task"),
    [
        ("exp", "drafts/exp/ws1", clone_of("catalog.base.wip")),
        ("amf", "amf/v1", clone_of("catalog.net.core.amf.ws3")),
        ("web", "web/v1", git_clone(repo="EXT", ref="main", directory="pkgs/web")),
        ("web1", "drafts/web1/from-tag", git_clone(repo="EXT", ref="v1", directory="/pkgs/web/")),
    ],
)
def test_what_upstream_cloned_is_cloned_alike(managed: Managed, package: str, ref: str, task: Json) -> None:
    made = managed.create("edge", f"again/{package}", "v1", managed.here(task))
    wanted = managed.upstreams(managed.first_commit(ref, "cloning"), package)
    for path in ("Kptfile", "package-context.yaml"):
        for before in ("  name: ", "  package-path: ", "|default|"):
            wanted[path] = wanted[path].replace(f"{before}{package}\n", f"{before}again/{package}\n")
    same(managed.files(made["metadata"]["name"]), wanted)


def test_a_task_is_recorded_with_the_names_that_upstream_understands(managed: Managed) -> None:
    managed.create("edge", "dashed", "v1", clone_of("catalog-net-core-amf-ws3"))
    message = git("log", "-1", "--format=%B", "drafts/dashed/v1", cwd=managed.remote.path("edge"))
    ref = '{"upstreamRef":{"upstreamRef":{"name":"catalog.net.core.amf.ws3"}}}'
    fields = f'{{"package":"dashed","workspaceName":"v1","revision":"0","task":{{"type":"clone","clone":{ref}}}}}'
    assert message == f"Creating new revision by cloning\n\n\nkpt:{fields}"


def test_the_lock_names_the_whole_directory(managed: Managed) -> None:
    """Upstream leaves the directory of the Repository out, so that nobody finds the package there."""
    made = managed.create("edge", "whole", "v1", clone_of("scoped.svc.ws1"))
    lock = made["status"]["upstreamLock"]["git"]
    assert (lock["directory"], lock["ref"]) == ("teams/alpha/svc", "teams/alpha/svc/v1")


@pytest.mark.parametrize(
    ("strategy", "ref", "lost"),
    [
        ("resource-merge", "site1/base/v2", False),
        ("", "site1/base/v2", False),
        ("force-delete-replace", "drafts/site1/base/forced", True),
        ("copy-merge", "proposed/site1/base/copied", True),
    ],
)
def test_what_upstream_upgraded_is_upgraded_alike(managed: Managed, strategy: str, ref: str, lost: bool) -> None:
    """But that a strategy which drops a local edit says so."""
    task = upgrade("catalog.base.v1", "catalog.base.v2", "edge.site1.base.v1", strategy)
    workspace = f"again-{strategy or 'default'}"
    made = managed.create("edge", "site1/base", workspace, task)
    assert made["spec"]["tasks"] == [task]
    ours = managed.files(f"edge.site1.base.{workspace}")
    kptfile = load_json_like(ours.pop("Kptfile").encode())
    wanted = managed.upstreams(managed.first_commit(ref, "Upgrading"), "site1/base")
    theirs = load_json_like(wanted.pop("Kptfile").encode())
    merged = [item for item in kptfile["status"]["conditions"] if item["type"] == "Merged"]
    kptfile["status"]["conditions"] = [item for item in kptfile["status"]["conditions"] if item["type"] != "Merged"]
    assert (ours, kptfile) == (wanted, theirs)
    assert [item["status"] for item in merged] == (["False"] if lost else [])


def test_a_copy_is_the_same_tree(managed: Managed) -> None:
    made = managed.create("catalog", "base", "again", copy_of("catalog.base.v1"))
    assert made["spec"]["tasks"] == [copy_of("catalog.base.v1")]
    trees = [
        git("rev-parse", f"{ref}:base", cwd=managed.remote.path("catalog")) for ref in ("drafts/base/again", "base/v1")
    ]
    assert trees[0] == trees[1]


REFUSED: list[tuple[str, Json, int, str, str]] = [
    (
        "new",
        clone_of("catalog.none.v1"),
        422,
        "clone.upstreamRef.upstreamRef.name",
        'cannot find package revision "catalog.none.v1"',
    ),
    ("new", clone_of("zz"), 422, "clone.upstreamRef.upstreamRef.name", 'failed to fetch package revision "zz"'),
    ("new", clone_of(""), 422, "clone.upstreamRef.upstreamRef.name", "upstreamRef.name is required"),
    (
        "new",
        clone_of("catalog.base.main"),
        422,
        "clone.upstreamRef.upstreamRef.name",
        "upstream revision may not be the placeholder package revision catalog/catalog.base.main",
    ),
    ("net/core/amf", clone_of("catalog.base.v1"), 409, "", "`clone` cannot create a new revision for package"),
    ("net/core", clone_of("catalog.base.v1"), 409, "", "packages cannot be nested"),
    (
        "net/core/amf",
        copy_of("catalog.base.v1"),
        422,
        "edit.sourceRef.name",
        "source revision must be from same package catalog/net/core/amf",
    ),
    (
        "base",
        copy_of("edge.site1.base.v1"),
        422,
        "edit.sourceRef.name",
        "source revision must be from same package catalog/base",
    ),
    ("base", copy_of("catalog.base.wip"), 422, "edit.sourceRef.name", "source revision must be published"),
    ("base", copy_of("catalog.base.feature-x"), 422, "edit.sourceRef.name", "source revision must be published"),
    ("base", copy_of("catalog.base.main"), 422, "edit.sourceRef.name", "source revision may not be the placeholder"),
    ("base", copy_of("catalog.base.v77"), 422, "edit.sourceRef.name", 'failed to fetch package "catalog.base.v77"'),
    (
        "base",
        upgrade("catalog.base.wip", "catalog.base.v2", "catalog.base.v1"),
        422,
        "upgrade.oldUpstreamRef.name",
        'all source PackageRevisions of upgrade task must be published, "catalog.base.wip" is not',
    ),
    (
        "base",
        upgrade("catalog.base.v1", "catalog.base.main", "catalog.base.v1"),
        422,
        "upgrade.newUpstreamRef.name",
        "target upstream revision may not be the placeholder package revision catalog/catalog.base.main",
    ),
    (
        "base",
        upgrade("catalog.base.v1", "catalog.base.v2", "catalog.base.main"),
        422,
        "upgrade.localPackageRevisionRef.name",
        "source revision may not be the placeholder package revision catalog/catalog.base.main",
    ),
    (
        "base",
        upgrade("catalog.base.v1", "", "catalog.base.v1"),
        422,
        "upgrade.newUpstreamRef.name",
        "name a package revision",
    ),
    (
        "base",
        upgrade("catalog.base.v1", "catalog.base.v2", "catalog.base.v1", "guess"),
        422,
        "upgrade.strategy",
        "resource-merge",
    ),
    (
        "new",
        git_clone(repo="EXT", ref="nope", directory="pkgs/web"),
        422,
        "clone.upstreamRef.git.ref",
        "cannot find git reference",
    ),
    (
        "new",
        git_clone(repo="EXT", ref="main", directory="no"),
        422,
        "clone.upstreamRef.git.directory",
        "cannot find package no@main",
    ),
    (
        "new",
        git_clone(repo="EXTRA", ref="main", directory="x"),
        422,
        "clone.upstreamRef.git.repo",
        "repository not found",
    ),
    (
        "new",
        git_clone(repo="hosted:///none", ref="main", directory="x"),
        422,
        "clone.upstreamRef.git.repo",
        "repository not found",
    ),
    (
        "new",
        git_clone(repo="file:///etc", ref="main", directory="x"),
        422,
        "clone.upstreamRef.git.repo",
        "file-repositories",
    ),
    ("new", git_clone(repo="ssh://h/x", ref="main"), 422, "clone.upstreamRef.git.repo", "SSH is not supported"),
    ("new", git_clone(repo="http://169.254.169.254/x", ref="main"), 422, "clone.upstreamRef.git.repo", "link-local"),
    ("new", git_clone(repo="EXT", ref="a..b"), 422, "clone.upstreamRef.git.ref", "must not contain '..'"),
    ("new", git_clone(repo="EXT"), 422, "clone.upstreamRef.git.ref", "a branch, a tag or a commit id"),
    (
        "new",
        git_clone(repo="EXT", ref="main", directory="a/../b"),
        422,
        "clone.upstreamRef.git.directory",
        "'..' segments",
    ),
    (
        "new",
        git_clone(repo="EXT", ref="main", directory="pkgs/web", secretRef={"name": "none"}),
        422,
        "clone.upstreamRef.git.secretRef.name",
        'secrets "none" not found',
    ),
    (
        "new",
        git_clone(repo="http://example.com/x", ref="main", secretRef={"name": "s"}),
        422,
        "clone.upstreamRef.git.secretRef.name",
        "only sent over https",
    ),
    (
        "new",
        {"type": "clone", "clone": {"upstreamRef": {"oci": {"image": "i"}}}},
        422,
        "clone.upstreamRef.oci",
        "clone from OCI is not implemented",
    ),
]


@pytest.mark.parametrize(("package", "task", "code", "field", "words"), REFUSED)
def test_what_cannot_be_made_names_the_field(
    managed: Managed, *, package: str, task: Json, code: int, field: str, words: str
) -> None:
    obj = revision("catalog", package, "refused")
    obj["spec"]["tasks"] = [managed.here(task)]
    answer = managed.api.send("POST", REVISIONS, obj)
    assert (answer.code, words in answer.message) == (code, True), answer.message
    if field:
        assert answer.fields == [f"spec.tasks[0].{field}"]
    assert managed.api.send("GET", f"{REVISIONS}/catalog.{package.replace('/', '.')}.refused").code == 404
    assert git("for-each-ref", f"refs/heads/drafts/{package}/refused", cwd=managed.remote.path("catalog")) == ""


def test_every_wrong_reference_of_an_upgrade_is_told(managed: Managed) -> None:
    obj = revision("catalog", "base", "refused")
    obj["spec"]["tasks"] = [upgrade("catalog.base.wip", "catalog.no.v1", "catalog.base.main")]
    answer = managed.api.send("POST", REVISIONS, obj)
    fields = ("oldUpstreamRef", "newUpstreamRef", "localPackageRevisionRef")
    assert answer.fields == [f"spec.tasks[0].upgrade.{field}.name" for field in fields]


def test_a_conflict_is_a_warning_and_a_condition(managed: Managed) -> None:
    task = upgrade("catalog.base.v1", "catalog.base.v2", "edge.site1.base.v1", "copy-merge")
    obj = revision("edge", "site1/base", "told")
    obj["spec"]["tasks"] = [task]
    answer = managed.api.send("POST", REVISIONS, obj)
    assert answer.code == 201
    assert "services.yaml" in answer.headers["warning"]
    merged = next(item for item in answer.json["status"]["conditions"] if item["type"] == "Merged")
    assert (merged["status"], merged["reason"]) == ("False", "Conflict")
    kept = answer.json["status"] | {
        "conditions": [item for item in answer.json["status"]["conditions"] if item != merged]
    }
    changed = managed.api.patch(f"{REVISIONS}/edge.site1.base.told", {"status": {"conditions": kept["conditions"]}})
    assert changed.code == 200
    assert "Merged" not in managed.files("edge.site1.base.told")["Kptfile"]


def test_an_upgrade_that_may_have_no_conflict_leaves_nothing(managed: Managed) -> None:
    obj = revision("edge", "site1/base", "none", annotations={"porch.kpt.dev/on-merge-conflict": "fail"})
    obj["spec"]["tasks"] = [upgrade("catalog.base.v1", "catalog.base.v2", "edge.site1.base.v1", "copy-merge")]
    answer = managed.api.send("POST", REVISIONS, obj)
    assert (answer.code, answer.fields[-1]) == (422, "spec.resources[services.yaml]")
    assert managed.api.send("GET", f"{REVISIONS}/edge.site1.base.none").code == 404
    obj["metadata"]["annotations"]["porch.kpt.dev/on-merge-conflict"] = "guess"
    answer = managed.api.send("POST", REVISIONS, obj)
    assert (answer.code, answer.fields) == (422, ["metadata.annotations.porch.kpt.dev/on-merge-conflict"])


def test_a_dry_run_leaves_nothing(managed: Managed) -> None:
    obj = revision("edge", "dry", "v1")
    obj["spec"]["tasks"] = [clone_of("catalog.base.v1")]
    answer = managed.api.send("POST", f"{REVISIONS}?dryRun=All", obj)
    assert (answer.code, answer.json["status"]["upstreamLock"]["git"]["ref"]) == (201, "base/v1")
    assert managed.api.send("GET", f"{REVISIONS}/edge.dry.v1").code == 404


def test_request_metadata_wins_over_the_upstreams(managed: Managed) -> None:
    obj = revision("edge", "labelled", "v1")
    obj["spec"] |= {
        "tasks": [clone_of("catalog.base.v2")],
        "packageMetadata": {"labels": {"tier": "silver"}},
        "readinessGates": [{"conditionType": "example.com/Mine"}],
    }
    made = managed.api.do("POST", REVISIONS, obj)["spec"]
    assert (made["packageMetadata"]["labels"], made["readinessGates"]) == (
        {"tier": "silver"},
        [{"conditionType": "example.com/Mine"}],
    )

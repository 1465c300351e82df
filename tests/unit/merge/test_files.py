"""Files and resources that come and go, bad content, and packages within packages."""

from __future__ import annotations

import pickle

import pytest

from porch.merge import Files, LocalChanges, MergeConflicts, OnConflict, merge
from tests.unit.merge.building import CONFIG, KPTFILE, merged, quiet

_OTHER = CONFIG.replace("name: c", "name: other")


def _files(**texts: str) -> dict[str, bytes]:
    return {name.replace("_", "/").replace("YAML", ".yaml"): text.encode() for name, text in texts.items()}


def test_equal_sides_come_back_byte_for_byte() -> None:
    odd = {"a.yaml": b"\xef\xbb\xbf# x\r\n---\r\na:   1\n...\n", "Kptfile": b"broken: [", "b": b"\xff\x00"}
    assert merge(odd, odd, odd).files == odd
    assert merge({}, odd, {}).files == odd
    assert merge({}, {}, odd).files == odd


def test_an_untouched_file_is_upstreams_byte_for_byte() -> None:
    original = CONFIG + "a: 1\nb: 1\n"
    upstream = CONFIG + "b:   2 # two\na: 1\n"
    assert quiet(original, original, upstream) == upstream


def test_documents_of_a_file_are_merged_by_identity() -> None:
    original = CONFIG + "a: 1\n---\n" + _OTHER + "a: 1\n"
    local = "---\n" + _OTHER + "a: 1\n--- # mine\n" + CONFIG + "a: 2\n"
    upstream = original.replace("other\na: 1", "other\na: 3")
    assert quiet(original, local, upstream) == local.replace("other\na: 1", "other\na: 3")


def test_a_document_that_holds_only_comments_stays() -> None:
    original = "# licence\n---\n" + CONFIG + "a: 1\n"
    upstream = original + "---\n" + _OTHER
    assert quiet(original, original.replace("a: 1", "a: 2"), upstream) == upstream.replace("a: 1", "a: 2")


def test_a_renamed_object_is_known_by_its_merge_comment() -> None:
    original = CONFIG + "a: 1\n"
    local = original.replace("metadata:\n  name: c", "metadata: # kpt-merge: /c\n  name: mine")
    assert quiet(original, local, original.replace("a: 1", "a: 2")) == local.replace("a: 1", "a: 2")


def test_the_marks_of_a_clone_are_no_edit() -> None:
    mark = "  annotations:\n    internal.kpt.dev/upstream-identifier: '|ConfigMap|default|other'\n"
    marked = _OTHER.replace("metadata:", "metadata: # kpt-merge: /other") + mark
    original, local = CONFIG + "---\n" + _OTHER, CONFIG + "---\n" + marked
    assert quiet(original, local, CONFIG) == CONFIG


@pytest.mark.parametrize("choice", ["ours", "theirs"])
def test_a_resource_deleted_on_one_side_and_changed_on_the_other(choice: OnConflict) -> None:
    original = CONFIG + "---\n" + _OTHER + "a: 1\n"
    changed = original.replace("a: 1", "a: 2")
    text, conflicts = merged(original, CONFIG, changed, on_conflict=choice)
    assert text == (CONFIG if choice == "ours" else changed)
    assert [(item.resource, item.local) for item in conflicts] == [("ConfigMap/other", None)]


def test_other_files_are_taken_whole() -> None:
    sides = [
        {"x.txt": b"1", "y.txt": b"1", "z.txt": b"1"},
        {"x.txt": b"2", "y.txt": b"1"},
        {"x.txt": b"3", "z.txt": b"1"},
    ]
    result = merge(*sides)
    assert result.files == {"x.txt": b"2"}
    assert [item.file for item in result.conflicts] == ["x.txt"]
    assert result.conflicts[0].local is not None
    assert result.conflicts[0].local.startswith("1 bytes, sha256 d4735e3a")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (CONFIG + "a: [\n", "did not find expected node content"),
        (CONFIG + "a: 2\na: 3\n", "a mapping has the same key twice"),
        (CONFIG + "? a\n: b\n", "a key is written in a way that cannot be edited"),
        (CONFIG + "a: " + "[" * 200 + "]" * 200 + "\n", "nested deeper than 100 levels"),
        (CONFIG + "a: [" + "1, " * 60_000 + "]\n", "more than 50000 values"),
        (CONFIG + "---\n" + CONFIG, "the resource ConfigMap/c is in it twice"),
        (CONFIG + "...\n", "it holds more than documents and separators"),
        (CONFIG + "--- a\n", "it holds more than documents and separators"),
        ("- a\n", "a document in it is no resource"),
        ("# nothing\n", "it holds no resources"),
    ],
)
def test_what_cannot_be_taken_apart_is_kept_whole_and_told(text: str, why: str) -> None:
    original, upstream = CONFIG + "a: 1\n", CONFIG + "a: 4\n"
    for sides, kept in (((original, text, upstream), text), ((original, upstream, text), upstream)):
        result, conflicts = merged(*sides)
        assert result == kept
        assert len(conflicts) == 1
        assert why in conflicts[0].reason


def test_aliases_are_never_expanded() -> None:
    bomb = CONFIG + "b0: &b0 [x, x]\n" + "".join(f"b{n + 1}: &b{n + 1} [*b{n}, *b{n}]\n" for n in range(90))
    changed = bomb.replace("[x, x]", "[x, y]")
    assert quiet(bomb, bomb + "l: 1\n", changed) == changed + "l: 1\n"


def test_a_file_and_a_directory_of_one_name_cannot_both_be() -> None:
    result = merge({}, {"a": b"1", "k": b""}, {"a/b": b"2", "a/c": b"3"})
    assert result.files == {"a": b"1", "k": b""}
    assert [item.file for item in result.conflicts] == ["a/b", "a/c"]


# --- packages


def test_the_root_keeps_its_name_and_upstream() -> None:
    origin = "upstream:\n  git: {ref: v1}\n"
    original = KPTFILE + origin
    upstream = original.replace("app", "blueprint").replace("v1}", "v2}") + "info:\n  site: x\n"
    assert quiet(original, original, upstream, name="Kptfile") == original + "info:\n  site: x\n"


def test_a_package_never_loses_its_kptfile() -> None:
    result = merge({"Kptfile": KPTFILE.encode()}, {"Kptfile": KPTFILE.encode()}, {})
    assert result.files == {"Kptfile": KPTFILE.encode()}
    assert [item.choice for item in result.conflicts] == ["ours"]


def test_new_fields_of_a_kptfile_stand_where_they_belong() -> None:
    original = KPTFILE + "info: {}\nstatus: {}\n"
    upstream = original.replace("status", "pipeline: {}\nstatus")
    assert quiet(original, original.replace("app", "mine"), upstream, name="Kptfile") == upstream.replace("app", "mine")


def test_a_sub_package_that_upstream_deleted_goes_unless_it_was_changed() -> None:
    original = _files(Kptfile=KPTFILE, sub_Kptfile=KPTFILE, sub_aYAML=CONFIG)
    upstream = _files(Kptfile=KPTFILE)
    assert merge(original, original, upstream).files == upstream
    local = {**original, "sub/b.txt": b"mine"}
    result = merge(original, local, upstream)
    assert result.files == local
    assert [(item.file, item.local, item.upstream) for item in result.conflicts] == [("sub", "3 files", None)]


def test_a_sub_package_with_its_own_upstream_is_left_alone_and_told() -> None:
    own = KPTFILE + "upstream: {}\n"
    original = _files(Kptfile=KPTFILE, sub_Kptfile=own, sub_aYAML=CONFIG)
    upstream = {**original, "sub/a.yaml": CONFIG.encode() + b"a: 1\n"}
    result = merge(original, original, upstream)
    assert result.files == original
    assert [item.reason for item in result.conflicts] == [
        "the sub-package has an upstream of its own; upgrade it from there"
    ]


# --- strategies


def _sides() -> tuple[Files, Files, Files]:
    original = _files(Kptfile=KPTFILE, aYAML=CONFIG + "a: 1\nb: 1\n", x="1", gone="1")
    local = {**original, "a.yaml": CONFIG.encode() + b"a: 2\nb: 1\n", "mine": b"m"}
    upstream = _files(Kptfile=KPTFILE, aYAML=CONFIG + "a: 1\nb: 3\n", x="2")
    return original, local, upstream


def test_replacing_takes_upstreams_files_and_says_what_that_drops() -> None:
    _, _, upstream = _sides()
    result = merge(*_sides(), strategy="force-delete-replace")
    assert result.files == upstream
    assert [(item.file, item.field, item.choice) for item in result.conflicts] == [
        ("a.yaml", "a", "theirs"),
        ("mine", "", "theirs"),
    ]


def test_copying_leaves_what_only_local_has() -> None:
    _, _, upstream = _sides()
    result = merge(*_sides(), strategy="copy-merge")
    assert result.files == {**upstream, "mine": b"m"}
    assert [item.file for item in result.conflicts] == ["a.yaml"]


def test_fast_forward_needs_an_unchanged_package() -> None:
    original, local, upstream = _sides()
    assert merge(original, original, upstream, strategy="fast-forward").files == upstream
    with pytest.raises(LocalChanges, match=r"local package files have been modified: \[a.yaml mine\]") as caught:
        merge(original, local, upstream, strategy="fast-forward")
    assert caught.value.details is not None
    assert [cause.field for cause in caught.value.details.causes] == ["spec.resources[a.yaml]", "spec.resources[mine]"]


def test_a_clone_that_was_only_marked_goes_forward() -> None:
    mark = "  annotations:\n    internal.kpt.dev/upstream-identifier: x\n"
    original, _, upstream = _sides()
    local = {
        **original,
        "Kptfile": (KPTFILE.replace("app", "mine") + mark + "status:\n  conditions: [{type: Rendered}]\n").encode(),
        "a.yaml": (CONFIG.replace("metadata:", "metadata: # kpt-merge: /c") + mark + "a: 1\nb: 1\n").encode(),
    }
    assert merge(original, local, upstream, strategy="fast-forward").files["a.yaml"] == upstream["a.yaml"]


def test_failing_on_conflict_names_every_one() -> None:
    sides = [{"a.yaml": (CONFIG + f"a: {value}\nb: {value}\n").encode()} for value in (1, 2, 3)]
    with pytest.raises(MergeConflicts, match="2 conflicts between local and upstream edits") as caught:
        merge(*sides, on_conflict="fail")
    error = pickle.loads(pickle.dumps(caught.value))
    assert [str(cause) for cause in error.details.causes] == [
        "spec.resources[a.yaml]: ConfigMap/c a: both changed the field",
        "spec.resources[a.yaml]: ConfigMap/c b: both changed the field",
    ]


def test_the_verdict_of_a_render_stays_until_the_next_one() -> None:
    status = "status:\n  conditions:\n  - type: Rendered\n    status: {}\n  renderStatus:\n    errorSummary: {}\n"
    sides = [KPTFILE + status.format(*words) for words in (("a", "x"), ("b", "y"), ("c", "z"))]
    assert quiet(*sides, name="Kptfile") == sides[1]

"""The Kptfile: strict where it is stored, lenient where it is found, changed without loss."""

import pickle

import pytest

from porch.krm.errors import YamlError
from porch.krm.kptfile import Kptfile, KptfileSummary, read_summary
from porch.types.packagerevision import GitLock, Locator, PackageCondition

HEAD = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: p\n"
RENDERED = PackageCondition(type="Rendered", status="True", reason="RenderSuccess")
RENDERED_TEXT = '    - type: Rendered\n      status: "True"\n      reason: RenderSuccess\n'


def parse(text: str) -> Kptfile:
    return Kptfile.parse(text.encode())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "foo: bar\n", "line 5: field foo not found in type v1.KptFile"),
        (HEAD + "  uid: x\n", "line 5: field uid not found in type yaml.ObjectMeta"),
        (HEAD + "info:\n  name: x\n", "line 6: field name not found in type v1.PackageInfo"),
        (HEAD + "info: x\n", "line 5: cannot unmarshal `x` into v1.PackageInfo"),
        (HEAD + "info:\n  keywords: {a: b}\n", "line 6: cannot unmarshal !!map into a list"),
        (HEAD + "  labels:\n    a: [b]\n", "line 6: cannot unmarshal !!seq into string"),
        (
            HEAD + "pipeline:\n  mutators:\n  - image: x\n    bad: y\n",
            "line 8: field bad not found in type v1.Function",
        ),
        (HEAD + "kind: Kptfile\n", 'line 5: mapping key "kind" already defined at line 2'),
        (HEAD.replace("v1", "v1alpha2"), 'old resource version "v1alpha2" found in Kptfile'),
        (HEAD.replace("v1", "v9"), 'unknown resource type "kpt.dev/v9, Kind=Kptfile" found in Kptfile'),
        (HEAD.replace("Kptfile", "Other"), 'unknown resource type "kpt.dev/v1, Kind=Other" found in Kptfile'),
        ("a: [\n", "line 2: did not find expected node content"),
        ("", "expected exactly one YAML document, found 0"),
    ],
)
def test_what_upstream_refuses_is_refused_in_its_words(text: str, message: str) -> None:
    with pytest.raises(YamlError) as caught:
        parse(text)
    assert caught.value.message == message


def test_a_huge_kptfile_is_refused() -> None:
    with pytest.raises(YamlError, match="no longer than"):
        parse(HEAD + "#" * 1024 * 1024)


def test_an_error_survives_the_way_from_a_worker_process() -> None:
    error = pickle.loads(pickle.dumps(YamlError("bad", 3)))
    assert (error.message, error.line, error.code) == ("line 3: bad", 3, 400)


FULL = (
    HEAD
    + """\
  labels:
    tier: gold
    number: 010
  annotations: {a: "b"}
upstream:
  type: git
  git: {repo: https://x.example/r.git, directory: d, ref: d/v1}
upstreamLock:
  type: git
  git: {repo: https://x.example/r.git, directory: d, ref: d/v1, commit: abc}
info:
  readinessGates:
  - conditionType: one
pipeline:
  mutators:
  - image: set-labels:v1
  validators:
  - exec: ./check
status:
  conditions:
  - {type: one, status: Maybe, reason: r, message: m}
"""
)


def test_a_summary_is_what_a_package_revision_shows() -> None:
    assert parse(FULL).summary == KptfileSummary(
        name="p",
        labels={"tier": "gold", "number": "010"},
        annotations={"a": "b"},
        readiness_gates=("one",),
        conditions=(PackageCondition(type="one", status="Unknown", reason="r", message="m"),),
        upstream_lock=Locator(
            type="git", git=GitLock(repo="https://x.example/r.git", directory="d", ref="d/v1", commit="abc")
        ),
        functions=("set-labels:v1", "./check"),
    )


def test_a_lock_without_an_upstream_is_not_shown() -> None:
    assert parse(HEAD + "upstreamLock: {type: git, git: {repo: r}}\n").summary.upstream_lock == Locator()


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff", b"a: [", b"- x", b"x", b"a: *b", b"metadata: 1\nstatus: []\ninfo: {readinessGates: 3}\n"],
)
def test_a_broken_kptfile_still_has_a_summary(data: bytes) -> None:
    assert read_summary(data) == KptfileSummary()


def test_a_lenient_summary_takes_what_it_understands() -> None:
    summary = read_summary(b"metadata: {name: p, uid: x, labels: {a: [1], b: 2}}\nstatus: {conditions: [x]}\n")
    assert (summary.name, summary.labels) == ("p", {"a": "", "b": "2"})
    assert summary.conditions == (PackageCondition(type="", status="Unknown"),)


def test_a_render_adds_its_condition_as_the_last_one() -> None:
    text = "# mine\n" + HEAD + "info:\n  keywords:\n  - a # compact\n"
    assert parse(text).with_rendered(RENDERED).data.decode() == text + "status:\n  conditions:\n" + RENDERED_TEXT


def test_a_render_moves_its_condition_to_the_end() -> None:
    before = HEAD + 'status:\n  conditions:\n    - type: Rendered\n      status: "False"\n    # kept\n    - type: b\n'
    after = HEAD + "status:\n  conditions:\n    # kept\n    - type: b\n" + RENDERED_TEXT
    assert parse(before).with_rendered(RENDERED).data.decode() == after


def test_a_render_updates_its_condition_in_place() -> None:
    before = HEAD + 'status:\n  conditions:\n  - type: Rendered # me\n    status: "False"\n    message: bad\n'
    after = HEAD + 'status:\n  conditions:\n  - type: Rendered # me\n    status: "True"\n    reason: RenderSuccess\n'
    assert parse(before).with_rendered(RENDERED).data.decode() == after


def test_a_render_drops_the_results_of_functions_that_ran_before() -> None:
    before = HEAD + "status:\n  renderStatus:\n    errorSummary: old\n"
    assert parse(before).with_rendered(RENDERED).data.decode() == HEAD + "status:\n  conditions:\n" + RENDERED_TEXT


def test_a_second_render_changes_nothing() -> None:
    once = parse(HEAD).with_rendered(RENDERED)
    assert once.with_rendered(RENDERED).data == once.data


def test_a_failed_render_keeps_its_message() -> None:
    failed = PackageCondition(type="Rendered", status="False", reason="RenderFailed", message="pkg.render: pkg .:\n\tx")
    assert parse(HEAD).with_rendered(failed).summary.conditions == (failed,)


def test_metadata_is_merged_on_create_and_replaced_on_update() -> None:
    text = HEAD + "  labels:\n    a: 1 # one\n    b: x\n"
    merged = parse(text).with_metadata({"b": "y", "c": "z"}, {"note": "true"}, merge=True)
    assert merged.data.decode() == HEAD + (
        '  labels:\n    a: 1 # one\n    b: "y"\n    c: z\n  annotations:\n    note: "true"\n'
    )
    replaced = merged.with_metadata({"a": "1"}, {}, merge=False)
    assert replaced.data.decode() == HEAD + "  labels:\n    a: 1 # one\n"
    assert replaced.with_metadata({}, None, merge=False).data.decode() == HEAD


def test_labels_go_before_annotations() -> None:
    text = HEAD + "  annotations:\n    a: b\n"
    labelled = parse(text).with_metadata({"l": "m"}, None, merge=True)
    assert labelled.data.decode() == HEAD + "  labels:\n    l: m\n  annotations:\n    a: b\n"


@pytest.mark.parametrize("text", [FULL, HEAD + "info: {}\n", HEAD + "  labels: {}\n"])
def test_writing_back_what_was_read_changes_nothing(text: str) -> None:
    kptfile = parse(text)
    read = kptfile.summary
    same = (
        kptfile.with_metadata(read.labels, read.annotations, merge=False)
        .with_readiness_gates(read.readiness_gates)
        .with_conditions(read.conditions)
    )
    assert same.data.decode() == text


def test_readiness_gates_keep_their_place() -> None:
    text = HEAD + "info:\n  readinessGates:\n  - conditionType: a\n  - conditionType: b # kept\n"
    after = HEAD + "info:\n  readinessGates:\n  - conditionType: b # kept\n  - conditionType: d\n  - conditionType: c\n"
    assert parse(text).with_readiness_gates(["d", "b", "c"]).data.decode() == after
    assert parse(text).with_readiness_gates([]).data.decode() == HEAD


def test_conditions_become_those_given_by_type() -> None:
    text = HEAD + (
        "status:\n  conditions:\n"
        '  - type: a # kept\n    status: "False"\n    reason: old\n    message: m\n'
        '  - type: b\n    status: "True"\n'
    )
    wanted = [PackageCondition(type="c", status="True", reason="r"), PackageCondition(type="a", status="True")]
    after = parse(text).with_conditions(wanted)
    assert after.data.decode() == HEAD + (
        'status:\n  conditions:\n  - type: a # kept\n    status: "True"\n'
        '  - type: c\n    status: "True"\n    reason: r\n'
    )
    assert after.with_conditions([]).data.decode() == HEAD


def test_repeated_conditions_collapse_when_conditions_change() -> None:
    text = HEAD + 'status:\n  conditions:\n  - {type: a, status: "True"}\n  - {type: a, status: "False"}\n'
    wanted = [PackageCondition(type="a", status="Unknown")]
    assert parse(text).with_conditions(wanted).summary.conditions == tuple(wanted)


def test_line_ends_and_a_byte_order_mark_are_kept() -> None:
    data = b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode()
    after = Kptfile.parse(data).with_rendered(RENDERED).data
    assert after.startswith(data)
    assert after.count(b"\n") == after.count(b"\r\n") == 9


def test_a_flow_style_kptfile_is_written_out() -> None:
    kptfile = parse("{apiVersion: kpt.dev/v1, kind: Kptfile, metadata: {name: p}}").with_rendered(RENDERED)
    assert kptfile.data.decode() == HEAD + "status:\n  conditions:\n" + RENDERED_TEXT


def test_many_changes_are_made_at_once() -> None:
    labels = {f"l{number:04}": "x" for number in range(1000)}
    conditions = [PackageCondition(type=f"c{number}", status="True") for number in range(100)]
    rendered = [RENDERED] * 900
    kptfile = parse(HEAD + "  labels:\n    a: b\n").with_metadata(labels, labels, merge=True)
    kptfile = kptfile.with_conditions(conditions).with_readiness_gates([item.type for item in conditions])
    assert (len(kptfile.summary.labels), kptfile.summary.conditions) == (1001, tuple(conditions))
    repeated = HEAD + "status:\n  conditions:\n" + "  - {type: Rendered, status: x}\n" * len(rendered)
    assert parse(repeated).with_rendered(RENDERED).summary.conditions == (RENDERED,)


def test_a_kptfile_of_too_many_values_is_refused() -> None:
    with pytest.raises(YamlError, match="more than 20000 values"):
        parse(HEAD + "info:\n  keywords:\n" + "  -\n" * 20_000)

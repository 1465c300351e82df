"""Kptfiles of any layout: an edit of what a PackageRevision shows means what it says, and leaves every other line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.krm.kptfile import STATUSES, Kptfile
from porch.krm.yaml import documents, value_of
from porch.types.packagerevision import PackageCondition

Lines = list[str]
KEYS = ["app", "tier", "example.com/owner", "n", "yes"]
ODD = [
    "x",
    "yes",
    "no",
    "null",
    "~",
    "1",
    "0x1F",
    "1e3",
    "1_000",
    "2024-01-01",
    "a: b",
    "a #b",
    "'",
    '"',
    "é",
    "",
    "|",
    "*a",
]
GATES = ["ready", "example.com/checked", "a b"]
VALUES = st.sampled_from(ODD)
MAPS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)
CONDITIONS = st.lists(
    st.builds(
        PackageCondition,
        type=st.sampled_from(GATES),
        status=st.sampled_from(STATUSES),
        reason=st.sampled_from(["", "Because"]),
        message=st.sampled_from(["", "two\nlines\n", "a: b", " x"]),
    ),
    max_size=3,
    unique_by=lambda condition: condition.type,
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def notes(draw: st.DrawFn, indent: str = "") -> Lines:
    """What may stand between two lines."""
    return draw(st.sampled_from([[], [], [f"{indent}# a note"], [""], ["", "# at the edge", ""]]))


@st.composite
def maps(draw: st.DrawFn, name: str, indent: str) -> Lines:
    values = draw(MAPS)
    if not values or draw(st.booleans()):
        return []
    pairs = [f"{key!r}: {quoted(value)}" for key, value in values.items()]
    if draw(st.integers(0, 3)) == 0:
        return [f"{indent}{name}: {{{', '.join(pairs)}}}  # flow"]
    lines = [f"{indent}{name}:{draw(st.sampled_from(['', '  # of the package']))}"]
    deeper = indent + " " * draw(st.integers(1, 4))
    for pair in pairs:
        lines += [*draw(notes(deeper)), f"{deeper}{pair}{draw(st.sampled_from(['', ' # tail', '  ']))}"]
    return lines


@st.composite
def gates(draw: st.DrawFn, indent: str) -> Lines:
    names = draw(st.lists(st.sampled_from(GATES), min_size=1, unique=True))
    dash = indent + " " * draw(st.integers(0, 2))
    return [
        f"{indent}readinessGates:",
        *(line for name in names for line in [*draw(notes(dash)), f"{dash}- conditionType: {name}"]),
    ]


@st.composite
def conditions(draw: st.DrawFn, indent: str) -> Lines:
    lines = [f"{indent}conditions: # of the package"]
    for name in draw(st.lists(st.sampled_from(GATES), min_size=1, unique=True)):
        lines += [*draw(notes(indent)), f"{indent}- type: {name} # which", f"{indent}  status: 'True'"]
        lines += draw(
            st.sampled_from(
                [
                    [],
                    [f"{indent}  reason: Because"],
                    [f"{indent}  message: >-", f"{indent}    folded", f"{indent}    text"],
                ]
            )
        )
    return lines


@st.composite
def kptfiles(draw: st.DrawFn) -> str:
    indent = " " * draw(st.integers(1, 4))
    metadata = ["metadata:", f"{indent}name: p # the name", *draw(maps("labels", indent)), *draw(notes(indent))]
    metadata += draw(maps("annotations", indent))
    info = ["info:", f"{indent}description: |", f"{indent}  a: b", f"{indent}  # no comment", *draw(gates(indent))]
    upstream = [
        "upstream: &up",
        f"{indent}type: git",
        f"{indent}git: {{repo: 'https://h/r', directory: /d, ref: v1}} # flow",
    ]
    pipeline = ["pipeline:", f"{indent}mutators:", f"{indent}- image: set-labels:v1", f"{indent}  configMap: {{a: b}}"]
    status = ["status:", *draw(conditions(indent))]
    optional = [draw(st.sampled_from([[], part])) for part in (upstream, info, pipeline, status)]
    parts = draw(st.permutations([metadata, *filter(None, optional)]))
    lines = [*draw(notes()), "apiVersion: kpt.dev/v1", "kind: Kptfile # ours"]
    for part in parts:
        lines += [*draw(notes()), *part]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return draw(st.sampled_from(["", "\ufeff"])) + end.join(
        [*lines, *draw(notes()), draw(st.sampled_from(["", "# foot"]))]
    )


def meaning(data: bytes) -> Any:
    (root,) = documents(data.decode().removeprefix("\ufeff"))
    return value_of(root)


def without(value: Any, *path: str) -> Any:
    """The value without what is at `path`, and without what that leaves empty."""
    if not isinstance(value, dict):
        return value
    rest = {key: item for key, item in value.items() if key != path[0]}
    if len(path) > 1 and (below := without(value.get(path[0]), *path[1:])):
        rest[path[0]] = below
    return rest


def outside(text: str, name: str, parent: str) -> Lines:
    """The lines outside of the block under the key `name`. A parent that has nothing else goes with it."""
    kept, inside, depth = [], False, 0
    lines = text.replace("\r", "").split("\n")
    for line in lines:
        bare = line.lstrip(" ")
        indent = len(line) - len(bare)
        if bare.startswith(f"{name}:"):
            inside, depth = True, indent
        elif inside and bare and not bare.startswith("#") and (indent < depth or (indent == depth and bare[0] != "-")):
            inside = False
        if not inside:
            kept.append(line)
    return [line for line in kept if line and not line.startswith(f"{parent}:")]


def stand_in(lines: Lines, text: str) -> bool:
    """In the same order."""
    rest = iter(text.replace("\r", "").split("\n"))
    return all(line in rest for line in lines)


def assert_only(before: str, after: Kptfile, name: str, *path: str) -> None:
    """Nothing but the value at `path` has changed: by meaning everywhere, by lines outside of its block."""
    data = before.encode()
    assert without(meaning(after.data), *path) == without(meaning(data), *path)
    assert stand_in(outside(before, name, path[0]), after.data.decode()), after.data.decode()
    assert after.data.startswith(b"\xef\xbb\xbf") == data.startswith(b"\xef\xbb\xbf")
    if "\r\n" in before:
        assert b"\n" not in after.data.replace(b"\r\n", b"")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(kptfiles(), MAPS)
def test_labels_become_what_is_wanted_and_nothing_else_moves(text: str, wanted: dict[str, str]) -> None:
    changed = Kptfile.parse(text.encode()).with_metadata(wanted, None, merge=False)
    assert changed.summary.labels == wanted
    assert_only(text, changed, "labels", "metadata", "labels")
    assert Kptfile.parse(changed.data).with_metadata(wanted, None, merge=False).data == changed.data


@settings(max_examples=300, derandomize=True, deadline=None)
@given(kptfiles(), st.lists(st.sampled_from(GATES), unique=True))
def test_gates_become_what_is_wanted_and_nothing_else_moves(text: str, wanted: list[str]) -> None:
    before = Kptfile.parse(text.encode())
    changed = before.with_readiness_gates(wanted)
    kept = [gate for gate in before.summary.readiness_gates if gate in wanted]
    assert list(changed.summary.readiness_gates) in (wanted, kept + [gate for gate in wanted if gate not in kept])
    assert_only(text, changed, "readinessGates", "info", "readinessGates")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(kptfiles(), CONDITIONS)
def test_conditions_become_what_is_wanted_and_nothing_else_moves(text: str, wanted: list[PackageCondition]) -> None:
    changed = Kptfile.parse(text.encode()).with_conditions(wanted)
    assert sorted(changed.summary.conditions, key=repr) == sorted(wanted, key=repr)
    assert_only(text, changed, "conditions", "status", "conditions")


@settings(max_examples=200, derandomize=True, deadline=None)
@given(kptfiles())
def test_a_render_changes_its_condition_alone(text: str) -> None:
    changed = Kptfile.parse(text.encode()).with_rendered(
        PackageCondition(type="Rendered", status="True", reason="RenderSuccess")
    )
    assert stand_in([line for line in text.replace("\r", "").split("\n") if line], changed.data.decode())
    assert without(meaning(changed.data), "status", "conditions") == without(
        meaning(text.encode()), "status", "conditions"
    )


@settings(max_examples=200, derandomize=True, deadline=None)
@given(kptfiles())
def test_writing_back_what_is_shown_changes_no_byte(text: str) -> None:
    kptfile = Kptfile.parse(text.encode())
    shown = kptfile.summary
    again = kptfile.with_metadata(shown.labels, shown.annotations, merge=False)
    again = again.with_readiness_gates(shown.readiness_gates).with_conditions(shown.conditions)
    assert again.data == text.encode()


ANCHORED = """\
# head
apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: p # the name
  labels: &common # shared
    app: web
  annotations: *common
inventory:
  # kept
  labels: *common
# foot
"""


@pytest.mark.parametrize("labels", [{"app": "db"}, {"app": "web", "tier": "one"}, {}])
def test_an_edit_at_an_anchor_changes_no_alias_of_it(labels: dict[str, str]) -> None:
    changed = Kptfile.parse(ANCHORED.encode()).with_metadata(labels, None, merge=False)
    assert changed.summary.labels == labels
    assert changed.summary.annotations == {"app": "web"}
    assert meaning(changed.data)["inventory"] == {"labels": {"app": "web"}}
    text = changed.data.decode()
    assert all(comment in text for comment in ("# head", "# the name", "# kept", "# foot"))


def test_an_edit_at_an_alias_leaves_the_anchor() -> None:
    changed = Kptfile.parse(ANCHORED.encode()).with_metadata(None, {"app": "db"}, merge=False)
    assert changed.data.decode() == ANCHORED.replace("annotations: *common", "annotations:\n    app: db")


@pytest.mark.parametrize("value", ODD)
def test_a_value_that_yaml_would_take_for_something_else_is_read_back_as_a_text(value: str) -> None:
    changed = Kptfile.parse(b"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: p\n")
    changed = changed.with_metadata({"n": value}, {"yes": value}, merge=False)
    assert Kptfile.parse(changed.data).summary.labels == {"n": value}
    assert meaning(changed.data)["metadata"]["annotations"] == {"yes": value}

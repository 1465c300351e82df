"""Marks of resources: upstream's bytes where upstream only adds them, and not one other byte changed elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from porch.krm.errors import YamlError
from porch.krm.mergekeys import IDENTIFIER, add_merge_keys
from porch.krm.yaml import decode_text, documents, value_of
from tests.unit.krm.oracle import CASES

ODD = [
    ("metadata: {name: x} # mine\nspec: 1\n", "metadata: # kpt-merge: /x\n  # mine\n  name: x\n{A}spec: 1\n"),
    ("metadata: # mine\n  name: x\n", "metadata: # kpt-merge: /x\n  # mine\n  name: x\n{A}"),
    ("metadata:\n  name: x\n  annotations: {}\n", "metadata: # kpt-merge: /x\n  name: x\n{A}"),
    (
        "metadata:\n  annotations: ~ # why\n  name: x\n",
        "metadata: # kpt-merge: /x\n  annotations: # why\n{E}  name: x\n",
    ),
    (
        "metadata:\n  name: x\n  annotations: {a: b}\n",
        "metadata: # kpt-merge: /x\n  name: x\n  annotations: {a: b, {F}}\n",
    ),
    ("metadata: # kpt-merge: n/x\n  name: y\n", "metadata: # kpt-merge: n/x\n  name: y\n{N}"),
    ("metadata:\n  name: x\n# below\n", "metadata: # kpt-merge: /x\n  name: x\n{A}# below\n"),
    ("metadata:\r\n  name: x\r\n", "metadata: # kpt-merge: /x\r\n  name: x\r\n{A}"),
    ("metadata:\n  name: x", "metadata: # kpt-merge: /x\n  name: x\n{A}"),
    ("\ufeffmetadata:\n  name: x\n", "\ufeffmetadata: # kpt-merge: /x\n  name: x\n{A}"),
]
UNMARKED = [
    "",
    "# nothing\n",
    "a: 1\n",
    "- metadata: {name: x}\n",
    "metadata: text\n",
    "metadata: {}\n",
    "metadata:\n  uid: u\n",
    "{metadata: {name: x}}\n",
    "a: &m {name: x}\nmetadata: *m\n",
    "metadata: {name: x, labels: {\n  a: b # why\n  }}\n",
    "metadata: [\n",
]


def _filled(text: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    entry = f"{IDENTIFIER}: '||default|x'"
    for key, value in (
        ("{A}", f"  annotations:{end}    {entry}{end}"),
        ("{E}", f"    {entry}{end}"),
        ("{F}", entry),
        ("{N}", f"  annotations:{end}    {IDENTIFIER}: '||n|x'{end}"),
    ):
        text = text.replace(key, value)
    return text


@pytest.mark.parametrize(("before", "after"), ODD)
def test_marks_fit_into_any_layout(before: str, after: str) -> None:
    marked = add_merge_keys(before.encode())
    assert marked.decode() == _filled(after)
    assert add_merge_keys(marked) == marked


@pytest.mark.parametrize("text", UNMARKED)
def test_what_cannot_or_need_not_be_marked_stays_as_it_is(text: str) -> None:
    assert add_merge_keys(text.encode()) == text.encode()


def test_an_old_mark_is_replaced() -> None:
    text = f"kind: A\napiVersion: g/v1\nmetadata:\n  name: x\n  annotations:\n    {IDENTIFIER}: old # why\n    z: y\n"
    marked = add_merge_keys(text.encode()).decode()
    assert f"    {IDENTIFIER}: 'g|A|default|x' # why\n    z: y\n" in marked


def test_a_kept_block_scalar_keeps_its_empty_lines() -> None:
    text = "metadata:\n  name: x\n  annotations:\n    a: |+\n      text\n\n\nspec: 1\n"
    value = value_of(documents(add_merge_keys(text.encode()).decode())[0])
    assert value["metadata"]["annotations"]["a"] == "text\n\n\n"


def test_marks_change_the_meaning_of_no_document() -> None:
    seen = 0
    for case in CASES:
        data = case["doc"].encode()
        try:
            before = _unmarked(data)
        except YamlError:
            continue
        marked = add_merge_keys(data)
        seen += marked != data
        assert _unmarked(marked) == before, case["id"]
    assert seen


def _unmarked(data: bytes) -> list[Any]:
    """The values of all documents, without marks."""
    values = [value_of(root) for root in documents(decode_text(data))]
    for value in values:
        metadata = value.get("metadata") if isinstance(value, dict) else None
        if isinstance(metadata, dict) and isinstance(metadata.get("annotations") or {}, dict):
            kept = {key: item for key, item in (metadata.pop("annotations", None) or {}).items() if key != IDENTIFIER}
            metadata |= {"annotations": kept} if kept else {}
    return values

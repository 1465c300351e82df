"""The quick merge by lines decides only what the merge by fields decides in the same way."""

from __future__ import annotations

import pytest
import yaml

from porch.merge import lines
from porch.merge.fields import FieldMerge
from porch.merge.report import Report
from porch.merge.shapes import shape_of
from porch.merge.tree import Ids, parse
from tests.merge.generate import Package, resource_name, triple
from tests.merge.model import text
from tests.unit.merge.building import CONFIG, DEPLOYMENT


def _documents(side: Package) -> dict[tuple[str, str], str]:
    return {
        (path, resource_name(document)): text(document, wide=file.wide)
        for path, file in side.items()
        for document in file.documents
    }


@pytest.mark.parametrize("first", [0, 60])
def test_agrees_with_the_merge_by_fields(first: int) -> None:
    decided = 0
    for seed in range(first, first + 60):
        sides = [_documents(side) for side in triple(seed)]
        for path, name in sides[0].keys() & sides[1].keys() & sides[2].keys():
            original, local, upstream = (side[path, name] for side in sides)
            shape = shape_of(*name.split("/")[:2]) if name.count("/") > 1 else shape_of("", name.split("/")[0])
            quick = lines.merge(original, local, upstream, shape)
            if quick is None or upstream == original:
                continue
            report, ids = Report("ours"), Ids()
            merge = FieldMerge(path, name, report, ids)
            slow = merge.merge(parse(original, ids), parse(local, ids), parse(upstream, ids), shape)
            assert not report.conflicts, (seed, path, name)
            assert yaml.safe_load(quick) == yaml.safe_load(slow), (seed, path, name)
            decided += 1
    assert decided > 30


def _merge(original: str, local: str, upstream: str, kind: str = "ConfigMap") -> str | None:
    return lines.merge(original, local, upstream, shape_of("" if kind == "ConfigMap" else "apps", kind))


def test_takes_entries_from_the_side_that_changed_them() -> None:
    original = CONFIG + "a:\n  x: 1\n  # c\n  y:\n  - 1\nb: 1\n"
    local, upstream = original.replace("x: 1", "x: 2"), original.replace("- 1", "- 2\n  # d").replace("b: 1", "b: 2")
    assert _merge(original, local, upstream) == upstream.replace("x: 1", "x: 2")


def test_enters_lists_whose_items_begin_with_their_key() -> None:
    original = DEPLOYMENT + "      containers:\n      - name: a\n        image: a\n        args: [x]\n"
    local, upstream = original.replace("image: a", "image: b"), original.replace("[x]", "[y]")
    assert _merge(original, local, upstream, "Deployment") == upstream.replace("image: a", "image: b")


@pytest.mark.parametrize(
    "odd",
    [
        "a: 'x\n  k: 1'\n",
        'a: "x\n\n  y"\n',
        "a: [1,\n  2]\n",
        "a: one\n  two\n",
        "a: &b 1\nc: *b\n",
        "<<: {x: 1}\n",
        "a: |+\n  x\n\n",
        "? a\n: b\n",
        "a:\t1\n",
        "a: 1\r\n",
        "a: 1\na: 2\n",
        "- a\n",
        "it's: 1\n",
        'a: 5" wide\n',
    ],
)
def test_leaves_what_is_not_plain(odd: str) -> None:
    original = CONFIG + odd + "y: 1\nz: 1\n"
    assert _merge(original, original.replace("y: 1", "y: 2"), original.replace("z: 1", "z: 2")) is None


def test_a_block_text_is_one_value_with_all_its_lines() -> None:
    original = CONFIG + "a: |\n  x\n  # y\nb: 1\n"
    assert _merge(original, original.replace("  x", "  l"), original.replace("# y", "# u")) is None

"""Versions and ranges, as the library that kpt uses understands them."""

from __future__ import annotations

import pytest

from porch.function.semver import Version, highest, parse_constraint

_TAGS = ["v0.3.9", "v0.4.0", "v0.4.5", "v0.5.0", "v1.0.0", "v1.2.3", "v1.9.0", "v2.0.0-rc.1", "v2.0.0"]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("*", "v2.0.0"),
        ("x", "v2.0.0"),
        ("=0.4.5", "v0.4.5"),
        ("0.4.x", "v0.4.5"),
        ("~0.4", "v0.4.5"),
        ("~0.4.1", "v0.4.5"),
        ("~1", "v1.9.0"),
        ("~>1.2", "v1.2.3"),
        ("^0.4.0", "v0.4.5"),
        ("^1.2", "v1.9.0"),
        ("^0", "v0.5.0"),
        (">1.9.0", "v2.0.0"),
        (">1", "v2.0.0"),
        ("<1", "v0.5.0"),
        ("<=0.4", "v0.4.5"),
        ("<=0.4.0", "v0.4.0"),
        (">= 0.4, < 1", "v0.5.0"),
        (">=0.4 <0.4.5", "v0.4.0"),
        ("=>0.4 =<0.5", "v0.5.0"),
        ("0.3 - 0.4", "v0.4.5"),
        ("!=2.0.0, >=1", "v1.9.0"),
        ("<0.4 || >=1.2 <1.9", "v1.2.3"),
        (">=2.0.0-alpha", "v2.0.0"),
        ("2.0.0-rc.1", "v2.0.0-rc.1"),
        ("v9", ""),
    ],
)
def test_the_highest_version_in_a_range(text: str, chosen: str) -> None:
    constraint = parse_constraint(text)
    assert constraint is not None
    assert highest(constraint, _TAGS) == chosen


@pytest.mark.parametrize("text", ["", "latest", "v0.4-", ">", "1.2.3.4", "1 || ", "~~1", "a - b", "1" * 300])
def test_what_is_no_range(text: str) -> None:
    assert parse_constraint(text) is None


def test_versions_are_ordered_as_semantic_versions_are() -> None:
    texts = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
    ]
    versions = [Version.parse(text) for text in texts]
    assert [version.text for version in sorted(version for version in reversed(versions) if version)] == texts
    assert Version.parse("nonsense") is None

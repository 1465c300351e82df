"""Image names: every spelling that Kptfiles have, and ranges of versions."""

from __future__ import annotations

import pytest

from porch.errors import BadRequest
from porch.function.images import DEFAULT_PREFIX, Image, parse_image, resolve_image

_CATALOG = "ghcr.io/kptdev/krm-functions-catalog"
_DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("image", "tag", "whole"),
    [
        ("set-namespace:v0.4.5", "", f"{_CATALOG}/set-namespace:v0.4.5"),
        ("set-namespace", "", f"{_CATALOG}/set-namespace:latest"),
        ("set-namespace:v0.1", "v0.4.5", f"{_CATALOG}/set-namespace:v0.4.5"),
        ("set-namespace", "edge", f"{_CATALOG}/set-namespace:edge"),
        (f"set-namespace@{_DIGEST}", "", f"{_CATALOG}/set-namespace@{_DIGEST}"),
        (f"set-namespace@{_DIGEST}", "v0.4", f"{_CATALOG}/set-namespace:v0.4"),
        ("gcr.io/kpt-fn/set-namespace:v0.4", "", "gcr.io/kpt-fn/set-namespace:v0.4"),
        ("fn/mine", "", "fn/mine:latest"),
        ("localhost:5000/fn/mine:v1", "", "localhost:5000/fn/mine:v1"),
        ("localhost:5000/mine", "", "localhost:5000/mine:latest"),
    ],
)
def test_a_short_name_becomes_whole(image: str, tag: str, whole: str) -> None:
    assert resolve_image(image, tag) == whole


def test_another_prefix_may_be_the_default_and_none_leaves_the_name_alone() -> None:
    assert resolve_image("f:v1", prefix="example.test/fn/") == "example.test/fn/f:v1"
    assert resolve_image("f:v1", prefix="example.test/fn") == "example.test/fn/f:v1"
    assert resolve_image("f:v1", prefix="") == "f:v1"
    assert f"{_CATALOG}/" == DEFAULT_PREFIX


def test_a_range_is_the_highest_version_in_it() -> None:
    known = ["v0.4", "v0.4.1", "v0.4.5", "v0.5.0-rc.1", "latest", "sha256-abc", "v0.4.6-git-77"]
    assert resolve_image("f", "~0.4", known=known).endswith("/f:v0.4.5")
    assert resolve_image("f", ">=0.4.1, <0.4.5", known=known).endswith("/f:v0.4.1")
    with pytest.raises(BadRequest, match=r'no tag could be found matching the version constraint ">=1"'):
        resolve_image("f", ">=1", known=known)


def test_a_name_is_taken_apart() -> None:
    assert parse_image(f"localhost:5000/a/b:v1@{_DIGEST}") == Image("localhost:5000/a", "b", "v1", _DIGEST)
    assert parse_image("b") == Image("", "b")


@pytest.mark.parametrize(
    "text", ["", "Bad Image", "a b", "/a", "a/", "a:", "a:b:c", "-a", "a@sha256:12", "a\n", "A", "é"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_image(text)


def test_a_very_long_name_is_refused_quickly() -> None:
    with pytest.raises(BadRequest):
        parse_image("a-" * 100_000)
    with pytest.raises(BadRequest):
        parse_image("a." * 2000 + "!")

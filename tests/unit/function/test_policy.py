"""Which images may run."""

from __future__ import annotations

import pytest

from porch.function.images import parse_image
from porch.function.policy import ImageForbidden, ImagePolicy

_DIGEST = "sha256:" + "0123456789abcdef" * 4


def _allowed(policy: ImagePolicy, image: str, *, builtin: bool = False) -> bool:
    try:
        policy.check(parse_image(image), builtin=builtin)
    except ImageForbidden:
        return False
    return True


def test_without_a_list_everything_may_run() -> None:
    assert _allowed(ImagePolicy(), "example.test/anything:v1")


def test_a_list_names_images_or_what_is_below_a_prefix() -> None:
    policy = ImagePolicy(("example.test/fn/*", "example.test/one"))
    assert _allowed(policy, "example.test/fn/a:v1")
    assert _allowed(policy, "example.test/fn/deep/a:v1")
    assert _allowed(policy, "example.test/one:v3")
    assert not _allowed(policy, "example.test/fn-evil/a:v1")
    assert not _allowed(policy, "example.test/one/more")
    assert not _allowed(policy, "example.test/two")


def test_what_is_built_in_is_bound_by_the_list_too() -> None:
    assert not _allowed(ImagePolicy(("example.test/*",)), "other.test/f:v1", builtin=True)


def test_digests_may_be_required_of_what_is_not_built_in() -> None:
    policy = ImagePolicy(digests=True)
    assert _allowed(policy, f"example.test/f@{_DIGEST}")
    assert not _allowed(policy, "example.test/f:v1")
    assert _allowed(policy, "example.test/f:v1", builtin=True)


def test_a_refusal_names_the_image_the_setting_and_the_remedy() -> None:
    with pytest.raises(
        ImageForbidden, match=r'"example.test/f:v1" is not allowed by the setting function-allow \(a/\*\)'
    ):
        ImagePolicy(("a/*",)).check(parse_image("example.test/f:v1"), builtin=False)
    with pytest.raises(ImageForbidden, match=r"function-digests requires; name it as example.test/f@sha256") as caught:
        ImagePolicy(digests=True).check(parse_image("example.test/f:v1"), builtin=False)
    assert (caught.value.code, caught.value.reason) == (403, "Forbidden")

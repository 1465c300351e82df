from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.strategy.location import repository_location


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a/b", "https://example.com/a/b.git"),
        ("https://example.com/a/b", "https://example.com/a/b.git/"),
        ("https://example.com/a/b", "HTTPS://EXAMPLE.com:443/a//b/"),
        ("https://example.com/a/b", "https://me:secret@example.com./a/./c/../b"),
        ("https://example.com/a/b", "https://example.com/%61/b"),
        ("http://example.com/a", "http://example.com:80/a"),
        ("file:///srv/x.git", "file://localhost/srv/x"),
        ("file:///srv/x", "file:///srv/x/.git"),
        ("oci://r.example.com/a", "oci://R.example.com/a/"),
    ],
)
def test_spellings_of_one_place(one: str, other: str) -> None:
    assert repository_location("default", one) == repository_location("kube-system", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/a/b", "https://example.com/a-b"),
        ("https://example.com/a", "https://example.com/A"),
        ("https://example.com/a", "https://example.com:8443/a"),
        ("https://example.com/a", "https://example.org/a"),
        ("https://example.com/a", "oci://example.com/a"),
        ("file:///a", "hosted:///a"),
    ],
)
def test_different_places(one: str, other: str) -> None:
    assert repository_location("default", one) != repository_location("default", other)


def test_a_hosted_repository_belongs_to_its_namespace() -> None:
    assert repository_location("a", "hosted:///x") != repository_location("b", "hosted:///x")


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.from_regex(r"\Ahttps?://[a-zA-Z.]{1,9}(:[0-9]{1,4})?/[!-~]{0,40}\Z"))
def test_slashes_at_the_end_make_no_difference(url: str) -> None:
    plain = url.partition("#")[0].partition("?")[0]
    assert repository_location("default", plain) == repository_location("default", plain + "//")


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.text(max_size=40))
def test_any_text_has_a_location(url: str) -> None:
    assert repository_location("default", f"https://me:5ecret@{url}").count("5ecret") == url.count("5ecret")


def test_a_location_holds_no_credentials() -> None:
    assert "secret" not in repository_location("default", "https://me:secret@example.com/a")

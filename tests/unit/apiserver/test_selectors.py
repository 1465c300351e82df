"""Label and field selectors as text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.apiserver.select import field_selector, label_selector
from porch.errors import BadRequest
from porch.types.selectors import EVERYTHING, Requirement, Selector


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("a=b", [("a", "in", "b")]),
        ("a == b , c != d", [("a", "in", "b"), ("c", "notin", "d")]),
        ("a in (x, y),b notin(z)", [("a", "in", "x", "y"), ("b", "notin", "z")]),
        ("a,!b", [("a", "exists"), ("b", "!exists")]),
        ("a>5,b<-7", [("a", "gt", "5"), ("b", "lt", "-7")]),
        ("a=,b!=", [("a", "in", ""), ("b", "notin", "")]),
        ("a in ()", [("a", "in", "")]),
        ("a in (,x)", [("a", "in", "", "x")]),
        ("example.com/a=b", [("example.com/a", "in", "b")]),
        ("in=notin", [("in", "in", "notin")]),
    ],
)
def test_label_selectors(text: str, requirements: list[tuple[str, ...]]) -> None:
    expected = tuple(Requirement(key, operator, tuple(values)) for key, operator, *values in requirements)
    assert label_selector(text) == Selector(expected)


@pytest.mark.parametrize("text", ["", "  "])
def test_no_selector_selects_everything(text: str) -> None:
    assert label_selector(text) == EVERYTHING
    assert field_selector(text.strip()) == EVERYTHING


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a in b", "found 'b' expected: '('"),
        ("a in (b", "found '', expected: ',' or ')'"),
        ("a ! b", "found '!', expected: in, notin, =, ==, !=, gt, lt"),
        ("a b", "found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a,", "found '', expected: identifier after ','"),
        ("=a", "found '=', expected: !, identifier"),
        ("!", "found '', expected: !, identifier"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a=(", "found '(', expected: identifier"),
        ("a>x", "the value must be an integer"),
        ("-a=b", "name part must consist of alphanumeric characters"),
        ("A_B/c=d", "a lowercase RFC 1123 subdomain"),
        (f"{'a' * 64}=b", "name part must be no more than 63 characters"),
        ("a=b!c", "found '!', expected: ',' or 'end of string'"),
        ("a=-b", "a valid label must be an empty string or consist of alphanumeric characters"),
        (f"a={'b' * 64}", "must be no more than 63 characters"),
        ("a" * 70_000, "longer than 65536 characters"),
    ],
)
def test_bad_label_selectors(text: str, problem: str) -> None:
    with pytest.raises(BadRequest) as caught:
        label_selector(text)
    assert caught.value.message.startswith("unable to parse requirement: ")
    assert problem in caught.value.message


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("metadata.name=a", [("metadata.name", "in", "a")]),
        ("a==b,c!=d,", [("a", "in", "b"), ("c", "notin", "d")]),
        ("a=", [("a", "in", "")]),
        (r"a=b\,c\=d\\e", [("a", "in", r"b,c=d\e")]),
        ("spec.packageMetadata.labels[x/y]=z", [("spec.packageMetadata.labels[x/y]", "in", "z")]),
    ],
)
def test_field_selectors(text: str, requirements: list[tuple[str, ...]]) -> None:
    expected = tuple(Requirement(key, operator, tuple(values)) for key, operator, *values in requirements)
    assert field_selector(text) == Selector(expected)


@pytest.mark.parametrize("text", ["foo", "=x", "a=b=c", r"a=b\c", "a=b\\", "x" * 70_000])
def test_bad_field_selectors(text: str) -> None:
    with pytest.raises(BadRequest, match="invalid selector: "):
        field_selector(text)


NAMES = st.from_regex(r"[a-z]([a-z0-9]{0,5}[a-z0-9])?", fullmatch=True).filter(lambda name: name not in {"in", "notin"})

VALUES = st.lists(NAMES, min_size=1, unique=True)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.tuples(NAMES, st.sampled_from(["in", "notin"]), VALUES), min_size=1))
def test_what_is_written_is_what_is_read(requirements: list[tuple[str, str, list[str]]]) -> None:
    text = ",".join(f"{key} {operator} ({','.join(values)})" for key, operator, values in requirements)
    expected = tuple(Requirement(key, operator, tuple(values)) for key, operator, values in requirements)
    assert label_selector(text).requirements == expected


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="ab=!<>(),\\ in.", max_size=20))
def test_any_text_is_a_selector_or_a_bad_request(text: str) -> None:
    for parse in (label_selector, field_selector):
        try:
            parse(text).matches({"a": "b"})
        except BadRequest:
            continue

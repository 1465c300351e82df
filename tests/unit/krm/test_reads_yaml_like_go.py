"""Reading agrees with Go's yaml.v3, on upstream's own answers; where it does not, the difference is named here."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.krm import yaml
from porch.krm.errors import YamlError
from tests.unit.krm.oracle import CASES

NOT_JSON = {f"scalar-{number:03}" for number in range(46, 54)}  # infinities and NaN
OTHERWISE: dict[str, Any] = {
    "scalar-160": {"a": "/"},  # \/ is JSON's, and libyaml takes it
    "docs-10": YamlError,  # text behind `...` is refused where Go loses it
}
NULL_KEYS = {"key-04", "key-05"}


def expected(case: dict[str, Any]) -> Any:
    if case["id"] in OTHERWISE:
        return OTHERWISE[case["id"]]
    if case["id"] in NOT_JSON | NULL_KEYS or "value" not in case:
        return YamlError
    return plain(case["value"], case)


def plain(value: Any, case: dict[str, Any]) -> Any:
    """The oracle's marked values as JSON; timestamps stay text, as in the JSON of Kubernetes."""
    match value:
        case {"$float": text}:
            return float(text)
        case {"$time": _}:
            return TIME
        case {"$map": pairs}:
            return {("true" if key is True else _key(key)): plain(item, case) for key, item in pairs}
        case dict():
            return {key: plain(item, case) for key, item in value.items()}
        case list():
            return [plain(item, case) for item in value]
    return value


def _key(key: Any) -> str:
    return str(key)


class _Time:
    def __eq__(self, other: object) -> bool:
        return isinstance(other, str)

    __hash__ = None  # type: ignore[assignment]


TIME = _Time()
KEY_TEXTS = {"key-09", "key-13"}  # keys stay as they are written


@pytest.mark.parametrize("case", [case for case in CASES if case["id"] not in KEY_TEXTS], ids=lambda case: case["id"])
def test_a_document_means_what_it_means_in_go(case: dict[str, Any]) -> None:
    wanted = expected(case)
    if wanted is YamlError:
        with pytest.raises(YamlError):
            first_value(case["doc"])
    else:
        assert first_value(case["doc"]) == wanted


def first_value(text: str) -> Any:
    roots = yaml.documents(text)
    return yaml.value_of(roots[0]) if roots else None


def test_keys_stay_as_they_are_written() -> None:
    assert yaml.load_json_like(b"0x10: a\n1: b\n2001-01-01: c\n") == {"0x10": "a", "1": "b", "2001-01-01": "c"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [\n", 3, "did not find expected"),
        ("a: 1\n\nb: 2\na: 3\n", 4, 'mapping key "a" already defined at line 1'),
        ("a: 1\nb: *x\n", 2, "unknown anchor 'x' referenced"),
        ("a:\n  b: &x\n    c: *x\n", 3, "anchor 'x' value contains itself"),
        ("a: 1\nb: \x07\n", 2, "control characters are not allowed"),
        ("a: 1\nb: \ud800\n", 2, "surrogate"),
        ("- 1\n- .inf\n", 2, "has no place in JSON"),
    ],
)
def test_an_error_names_the_line(text: str, line: int, words: str) -> None:
    with pytest.raises(YamlError) as caught:
        first_value(text)
    assert caught.value.line == line
    assert words in caught.value.message


@pytest.mark.parametrize("data", [b"", b"# only words\n", b"a: 1\n---\nb: 2\n"])
def test_a_body_is_exactly_one_document(data: bytes) -> None:
    with pytest.raises(YamlError, match="exactly one YAML document"):
        yaml.load_json_like(data)


def test_a_byte_order_mark_is_no_content() -> None:
    assert yaml.load_json_like(b"\xef\xbb\xbfa: 1\n") == {"a": 1}


def test_text_that_is_not_utf_8_is_refused_with_its_line() -> None:
    with pytest.raises(YamlError) as caught:
        yaml.load_json_like(b"a: 1\nb: \xff\n")
    assert caught.value.line == 2


@pytest.mark.parametrize("text", ["[" * 101 + "]" * 101, "- " * 101 + "x", "{a: " * 101 + "x" + "}" * 101])
def test_deep_nesting_is_refused(text: str) -> None:
    with pytest.raises(YamlError, match="nested deeper than 100 levels"):
        yaml.load_json_like(text.encode())


def test_aliases_cannot_blow_up() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(YamlError, match="aliases stand for more than"):
        yaml.load_json_like("\n".join(lines).encode())


def test_aliases_cannot_nest_without_end() -> None:
    lines = ["a0: &a0 x", *(f"a{n}: &a{n} {'[' * 50}*a{n - 1}{']' * 50}" for n in range(1, 60))]
    with pytest.raises(YamlError, match="nested deeper"):
        yaml.load_json_like("\n".join(lines).encode())


def test_an_outline_stops_at_the_levels_asked_for() -> None:
    (root,) = yaml.each_document("a:\n  b:\n    c: 1\n  d: 2\n", levels=2)
    assert yaml.value_of(root) == {"a": {"b": {}, "d": 2}}


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab01 \n\t:-?[]{},&*!|>'\"%@`#.<~\\\r\ud800é😀"), max_size=60))
def test_any_text_is_a_value_or_a_yaml_error(text: str) -> None:
    with suppress(YamlError):
        for root in yaml.documents(text):
            yaml.value_of(root)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_yaml_error(data: bytes) -> None:
    with suppress(YamlError):
        yaml.load_json_like(data)

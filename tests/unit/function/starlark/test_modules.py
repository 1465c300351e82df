"""What scripts load."""

from __future__ import annotations

import pytest

from tests.unit.function.starlark.scripts import failure, shown

_LOADS = """
load("encoding/json.star", "json")
load("encoding/yaml.star", "yaml")
load("encoding/base64.star", "base64")
load("encoding/csv.star", csv="csv")
load("hash.star", "hash")
load("math.star", "math")
load("re.star", "re")
load("time.star", "time")
load("krmfn.star", "krmfn")
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("json.encode({'b': [2.0, None, True], 'a': '<é>'})", r'"{\"a\":\"\\u003cé\\u003e\",\"b\":[2.0,null,true]}"'),
        ("json.decode('{\"a\": [1, 1.5e1, \"x\\\\n\", null]}')", '{"a": [1, 15.0, "x\\n", None]}'),
        ("json.decode('nope', default=1)", "1"),
        ("json.indent('{\"a\":[1]}', indent=' ')", '"{\\n \\"a\\": [\\n  1\\n ]\\n}"'),
        ("yaml.dumps({'b': [1, 'yes'], 'a2': 1.0, 'a10': None})", '"a2: 1\\na10: null\\nb:\\n- 1\\n- \\"yes\\"\\n"'),
        ("yaml.loads('a: [1, 0x10, 1.50, ~, on]')", '{"a": [1, 16, 1.5, None, True]}'),
        ("base64.encode('hé?>', encoding='url_raw') + base64.decode('aMOp')", '"aMOpPz4hé"'),
        ("csv.read_all('a,\"b,c\"\\nd,e\\n')", '[["a", "b,c"], ["d", "e"]]'),
        ("csv.write_all([['a', 'b c'], [1, 'x,y']])", '"a,b c\\n1,\\"x,y\\"\\n"'),
        ("hash.sha256('')[:8] + hash.sha1('a')[:4]", '"e3b0c44286f7"'),
        ("(math.ceil(1.2), math.floor(-1.2), math.round(2.5), math.sqrt(4), math.pow(2, 3))", "(2, -2, 3.0, 2.0, 8.0)"),
        ("re.findall('[a-z]+', 'ab 1 cd')", '("ab", "cd")'),
        ("re.match('(a)(b)?', 'ab a')", '[("ab", "a", "b"), ("a", "a", "")]'),
        ("re.sub('(\\\\w)(\\\\d)', '${2}$1', 'a1 b2')", '"1a 2b"'),
        ("re.split(',', 'a,b,c', 2)", '("a", "b,c")'),
        ("re.search('é', 'aé')", "[1, 3]"),
        ("re.compile('a+').findall('aa b a')", '("aa", "a")'),
        ("str(time.parse_duration('1h0.5s'))", '"1h0m0.5s"'),
        ("time.parse_time('2024-02-03T04:05:06.5+01:00').format('Mon 2 Jan 2006 3:04PM .000 -0700')",
         '"Sat 3 Feb 2024 4:05AM .500 +0100"'),
        ("str(time.parse_time('2024-02-28T23:00:00Z') + 2 * time.hour)", '"2024-02-29 01:00:00 +0000 UTC"'),
        ("time.parse_time('3 Feb 2024', format='2 Jan 2006').unix", "1706918400"),
        ("str(time.time(year=2024, month=14, day=1) - time.time(year=2025, month=1, day=31))", '"24h0m0s"'),
        ("str(time.from_timestamp(0).in_location('Europe/Berlin'))", '"1970-01-01 01:00:00 +0100 CET"'),
        ("krmfn.match_gvk({'apiVersion': 'apps/v1', 'kind': 'A'}, 'apps/v1', 'A')", "True"),
        ("krmfn.match_namespace({'metadata': {}}, 'x')", "False"),
    ],
)  # fmt: skip
def test_a_module_gives(expression: str, value: str) -> None:
    assert shown(expression, _LOADS) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("json.encode({1: 2})", "json.encode: dict has int key, want string"),
        ("json.encode([len])", "json.encode: at list index 0: cannot encode builtin_function_or_method as JSON"),
        ("json.decode('[1 2]')", "json.decode: at offset 3, got '2', want ',' or ']'"),
        ("base64.decode('!')", "illegal base64 data at input byte 0"),
        ("csv.read_all('a,b\\nc\\n')", "record on line 2: wrong number of fields"),
        ("time.parse_duration('1x')", 'parse_duration: for parameter 1: time: unknown unit "x" in duration "1x"'),
        ("re.findall('(?=a)', 'a')", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"),
        ("math.nope", "module has no .nope field or method"),
        ("yaml.dumps(set([1]))", "sets aren't yet supported"),
    ],
)
def test_a_module_fails_with(expression: str, message: str) -> None:
    assert failure(f"{_LOADS}\nx = {expression}") == message

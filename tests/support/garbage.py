"""Garbage that clients may send: values that no field wants, and bodies that are no object.

Plain values, for the tests that draw them with hypothesis and for the fuzzer that draws them with a seed.
"""

from __future__ import annotations

from typing import Any

JSON, YAML = "application/json", "application/yaml"
HUGE = 2**64
WORDS = ["", "..", "/", ".git", "a/b", "\0", "x" * 300, "Draft"]
"""Texts that have a meaning to paths, to git or to C."""
NUMBERS = [HUGE, -HUGE, 2**31]


def nested(depth: int) -> Any:
    """Lists in lists."""
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


_LAYERS = [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)]
BOMB = b"\n".join([b"a0: &a0 [x]", *_LAYERS])
"""Ten to the power of eleven items, if the aliases were followed."""
BODIES = [
    (b"[" * 100_000 + b"]" * 100_000, JSON),
    (b'{"spec":' * 300 + b"1" + b"}" * 300, JSON),
    (b'{"metadata": {"name": "\xff\xfe"}}', JSON),
    (b'{"metadata": {"name": "\\ud800"}}', JSON),
    (b'{"metadata": {"generation": NaN}}', JSON),
    (b'{"metadata": {"generation": 1' + b"0" * 5000 + b"}}", JSON),
    (b'{"metadata": {"generation": 1e999999}}', JSON),
    (b'{"metadata": {"name": "x"}} {}', JSON),
    (b"\x1f\x8b\x08\x00", JSON),
    (BOMB, YAML),
    (b"a: &a [*a]", YAML),
    (b"metadata: " + b"[" * 10_000, YAML),
    (b"metadata: {name: \xff}", YAML),
    (b"metadata: !!python/object/apply:os.system [id]", YAML),
    (b"metadata: {generation: 0x" + b"f" * 5000 + b"}", YAML),
    (b"--- {}\n--- {}", YAML),
    (b"- a", YAML),
    (b"\0", YAML),
]
"""With the media type that each is sent as."""


def fields(value: Any) -> list[tuple[dict[str, Any], str]]:
    """Every field of an object, at any depth."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    here = [(value, key) for key in value] if isinstance(value, dict) else []
    return here + [field for child in inner for field in fields(child)]

"""The order in which Go's writer of YAML puts the keys of a map: numbers inside words count as numbers."""

from __future__ import annotations

from functools import cmp_to_key, lru_cache


@lru_cache(4096)
def sorted_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Objects of one kind have the same keys, so results are kept."""
    if all(map(str.isalpha, keys)):
        return tuple(sorted(keys))
    return tuple(sorted(keys, key=cmp_to_key(_order)))


def _order(left: str, right: str) -> int:
    return -1 if _less(left, right) else int(left != right)


def _less(left: str, right: str) -> bool:
    digits = False
    for at, (a, b) in enumerate(zip(left, right, strict=False)):
        if a == b:
            digits = a.isdecimal()
            continue
        letter, other = a.isalpha(), b.isalpha()
        if letter and other:
            return a < b
        if letter or other:
            return letter if digits else other
        return _numbers_less(left, right, at)
    return len(left) < len(right)


def _numbers_less(left: str, right: str, at: int) -> bool:
    """Both differ at `at` in something that is no letter: numbers from there on, or else the characters, decide."""
    lead = 0
    if "0" in {left[at], right[at]}:
        before = left[:at]
        run = before[len(before.rstrip("0123456789")) :]
        lead = int(bool(run.strip("0")))
    a, a_length = _number(left, at, lead)
    b, b_length = _number(right, at, lead)
    if a != b:
        return a < b
    return a_length < b_length if a_length != b_length else left[at] < right[at]


def _number(word: str, at: int, lead: int) -> tuple[int, int]:
    end = at
    while end < len(word) and word[end].isdecimal():
        end += 1
    return (int(f"{lead}{word[at : min(end, at + 400)]}") if end > at else lead), end - at

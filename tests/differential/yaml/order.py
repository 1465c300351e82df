"""The order in which Go writes the keys of a map: numbers in them count as numbers, so that `a2` comes before `a10`."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TypeVar

_Value = TypeVar("_Value")


def in_order(values: dict[str, _Value]) -> dict[str, _Value]:
    return {key: values[key] for key in sorted(values, key=cmp_to_key(_compare))}


def _compare(one: str, other: str) -> int:
    at = 0
    while at < len(one) and at < len(other) and one[at] == other[at]:
        at += 1
    if at == len(one) or at == len(other):
        return len(one) - len(other)
    letters = one[at].isalpha(), other[at].isalpha()
    if letters == (False, False):
        return _compare_numbers(one, other, at)
    if letters == (True, True):
        return -1 if one[at] < other[at] else 1
    # A letter comes after other signs, but before what continues a number.
    first = letters[0] if at and one[at - 1].isdecimal() else letters[1]
    return -1 if first else 1


def _compare_numbers(one: str, other: str, at: int) -> int:
    lead = ""
    if "0" in {one[at], other[at]} and _digits_before(one, at).strip("0"):
        lead = "1"  # inside a number, where a zero is no leading one
    numbers = [lead + _digits(text, at) for text in (one, other)]
    values = [int(digits or "0") for digits in numbers]
    if values[0] != values[1]:
        return -1 if values[0] < values[1] else 1
    if len(numbers[0]) != len(numbers[1]):
        return len(numbers[0]) - len(numbers[1])
    return -1 if one[at] < other[at] else 1


def _digits(text: str, at: int) -> str:
    end = at
    while end < len(text) and text[end].isdecimal():
        end += 1
    return text[at:end]


def _digits_before(text: str, at: int) -> str:
    start = at
    while start and text[start - 1].isdecimal():
        start -= 1
    return text[start:at]

"""Guesses what a misspelt name was meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str]) -> str:
    """The candidate with the fewest edits, if that is less than half of the word's length; else empty."""
    folded = _fold(word)
    best, fewest = "", (len(folded.encode()) + 1) // 2
    for candidate in candidates:
        edits = _distance(folded, _fold(candidate), fewest)
        if edits < fewest:
            best, fewest = candidate, edits
    return best


def hint(word: str, candidates: Iterable[str], mark: str = "") -> str:
    """` (did you mean x?)`, or nothing."""
    guess = nearest(word, candidates)
    return f" (did you mean {mark}{guess}?)" if guess else ""


def _fold(word: str) -> str:
    return word.replace("_", "").lower()


def _distance(left: str, right: str, most: int) -> int:
    if abs(len(left) - len(right)) > most:
        return most + 1
    row = list(range(len(right) + 1))
    for at, char in enumerate(left, 1):
        before, row[0] = row[0], at
        for other, against in enumerate(right, 1):
            before, row[other] = row[other], min(before + (char != against), row[other - 1] + 1, row[other] + 1)
    return row[-1]

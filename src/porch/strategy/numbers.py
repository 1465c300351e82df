"""Numbers that Go clients read into 32 bits: one that does not fit would end every list that it is in."""

from __future__ import annotations

from porch.errors import FieldError, invalid

_INT32 = 2**31


def at_least(path: str, value: int | None, least: int) -> list[FieldError]:
    """Worded as Kubernetes words it."""
    if value is None:
        return []
    if value < least:
        how = "greater than 0" if least == 1 else f"greater than or equal to {least}"
        return [invalid(path, value, f"must be {how}")]
    return [] if value < _INT32 else [invalid(path, value, f"must be less than or equal to {_INT32 - 1}")]

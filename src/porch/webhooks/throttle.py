"""Who guesses has to wait: each address may fail a few times at once, and then once in a while. Only failures count."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

_ADDRESSES = 4096


class Throttle:
    """`failures` at once, then one in `seconds`. Bounded: who failed last is remembered longest."""

    def __init__(self, failures: int, seconds: float, clock: Callable[[], float]) -> None:
        self._failures, self._seconds, self._clock = failures, seconds, clock
        self._free: OrderedDict[str, float] = OrderedDict()
        """By address: when its failures will all be forgotten."""

    def wait(self, address: str) -> float:
        """For how many seconds an address must not try; 0 when it may."""
        left = self._free.get(address, 0.0) - self._clock()
        return max(left - (self._failures - 1) * self._seconds, 0.0)

    def failed(self, address: str) -> None:
        self._free[address] = max(self._free.pop(address, 0.0), self._clock()) + self._seconds
        while len(self._free) > _ADDRESSES:
            self._free.popitem(last=False)

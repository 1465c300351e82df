"""What happens in one interleaving, drawn from its seed: bursts of deeds, those of a burst all at once."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from tests.interleavings.programs import CODES

LEAST, MOST = 5, 12
_WEIGHTS = {
    "save": 9, "propose": 7, "approve": 11, "reject": 2, "change-code": 5, "push": 3, "synchronise": 1,
    "keep-failures": 1, "try-approve": 1, "try-save": 1, "cancel": 1, "forget": 1, "label": 1, "replace": 0.3,
}  # fmt: skip
_CONTENTS = {"function": 8, "both": 3, "namespace": 3, "plain": 2, "fails": 2, "broken": 1}
"""`function` has the lane's own in its pipeline, `namespace` one that is built in, `both` both, `plain` none."""
_BURSTS = {1: 6, 2: 3, 3: 1.5}
_LONG = 0.06
_NEXT = {"save": "propose", "push": "propose", "reject": "propose", "propose": "approve"}
_ONWARD = 0.4
"""How often a package simply goes on to its publication."""


@dataclass(frozen=True)
class Deed:
    """`what` is the content of a save or a push, or the code that a function gets."""

    kind: str
    what: str = ""


@dataclass(frozen=True)
class Burst:
    """`long` holds slow functions until the server tells of them."""

    deeds: tuple[Deed, ...]
    long: bool = False


def draw(seed: int, *, kills: float) -> list[Burst]:
    """Of these 5 to 12 deeds the first save something and have it rendered. `kills` is how likely it is that the
    server is killed in the middle.
    """
    chance = random.Random(seed)
    bursts = [Burst((Deed("save", _one(chance, _CONTENTS)),))]
    left = chance.randint(LEAST, MOST) - 1
    while left > 0:
        size = min(int(_one(chance, {str(key): value for key, value in _BURSTS.items()})), left)
        left -= size
        onward = _NEXT.get(bursts[-1].deeds[0].kind, "") if chance.random() < _ONWARD else ""
        deeds = [_deed(chance) for _ in range(size)]
        deeds[:1] = [Deed(onward)] if onward else deeds[:1]
        bursts.append(Burst(tuple(deeds), long=chance.random() < _LONG))
    if chance.random() < kills:
        place = chance.randrange(1, len(bursts))
        wanted = Deed("kill", chance.choice(["", "forget"]))
        bursts[place] = Burst((*bursts[place].deeds, wanted))
    return bursts


def _deed(chance: random.Random) -> Deed:
    kind = _one(chance, _WEIGHTS)
    if kind in {"save", "try-save", "push"}:
        return Deed(kind, _one(chance, _CONTENTS))
    return Deed(kind, chance.choice(CODES) if kind == "change-code" else "")


def _one(chance: random.Random, weights: Mapping[str, float]) -> str:
    return chance.choices([*weights], [*weights.values()])[0]

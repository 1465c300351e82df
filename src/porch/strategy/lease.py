"""Leases: times with microseconds, and updates that name the version they replace, so that two candidates who read the
same lease cannot both win.
"""

from __future__ import annotations

from typing import Any, ClassVar

from porch.errors import FieldError, invalid, not_supported
from porch.keys import qualified_name_problems
from porch.strategy import numbers, times
from porch.strategy.interface import Column, Strategy
from porch.types.coordination import Lease

_OLDEST = "OldestEmulationVersion"


class LeaseStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name", format="name"),
        Column("Holder"),
        Column("Age", "date"),
    )
    must_name_version: ClassVar[bool] = True

    def prepare_for_create(self, obj: Lease) -> None:
        spec = obj.spec
        spec.acquire_time, spec.renew_time = times.micro(spec.acquire_time), times.micro(spec.renew_time)

    def prepare_for_update(self, obj: Lease, old: Lease, subresource: str) -> None:  # noqa: ARG002
        self.prepare_for_create(obj)

    def validate(self, obj: Lease) -> list[FieldError]:
        spec = obj.spec
        return [
            *numbers.at_least("spec.leaseDurationSeconds", spec.lease_duration_seconds, 1),
            *numbers.at_least("spec.leaseTransitions", spec.lease_transitions, 0),
            *times.time_errors("spec.acquireTime", spec.acquire_time),
            *times.time_errors("spec.renewTime", spec.renew_time),
            *_strategy_errors(spec.strategy),
            *_preference_errors(spec.strategy, spec.preferred_holder),
        ]

    def cells(self, obj: Lease, age: str) -> list[Any]:
        return [obj.metadata.name, obj.spec.holder_identity or "", age]


def _strategy_errors(strategy: str | None) -> list[FieldError]:
    if strategy is None or strategy == _OLDEST:
        return []
    if "/" not in strategy:
        return [not_supported("spec.strategy", strategy, (_OLDEST,))]
    return [invalid("spec.strategy", strategy, problem) for problem in qualified_name_problems(strategy)]


def _preference_errors(strategy: str | None, preferred: str | None) -> list[FieldError]:
    if not preferred or strategy:
        return []
    return [invalid("spec.preferredHolder", preferred, "can only be set if spec.strategy is set")]

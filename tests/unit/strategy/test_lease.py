from __future__ import annotations

from typing import Any

import pytest

from porch.strategy.lease import LeaseStrategy
from porch.types.coordination import LEASE, Lease, LeaseSpec
from porch.types.meta import ObjectMeta

leases = LeaseStrategy(LEASE)


def _lease(**spec: Any) -> Lease:
    lease = Lease(metadata=ObjectMeta(name="l"), spec=LeaseSpec(**spec))
    leases.prepare_for_create(lease)
    return lease


def _errors(**spec: Any) -> list[str]:
    return [str(error) for error in leases.validate(_lease(**spec))]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2025-01-02T03:04:05.678901Z", "2025-01-02T03:04:05.678901Z"),
        ("2025-01-02T03:04:05Z", "2025-01-02T03:04:05.000000Z"),
        ("2025-01-02T03:04:05.5+02:00", "2025-01-02T01:04:05.500000Z"),
        ("2025-01-02T03:04:05.123456789Z", "2025-01-02T03:04:05.123456Z"),
        (None, None),
        ("", None),
    ],
)
def test_times_are_kept_with_microseconds_in_utc(sent: str | None, kept: str | None) -> None:
    assert _lease(renew_time=sent).spec.renew_time == kept
    assert _errors(acquire_time=sent) == []


@pytest.mark.parametrize("text", ["yesterday", "2025-01-02", "20250102T030405Z", "2025-13-02T03:04:05Z", "2025-W01-1"])
def test_what_is_no_time_is_named(text: str) -> None:
    assert _errors(renew_time=text) == [
        f'spec.renewTime: Invalid value: "{text}": must be a time in RFC 3339, like 2025-01-02T03:04:05.000000Z'
    ]


def test_numbers_are_what_go_clients_can_read() -> None:
    assert _errors(lease_duration_seconds=15, lease_transitions=0) == []
    assert _errors(lease_duration_seconds=0) == ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"]
    assert _errors(lease_transitions=-1) == [
        "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0"
    ]
    assert "2147483647" in _errors(lease_transitions=2**31)[0]


def test_a_preferred_holder_needs_a_strategy() -> None:
    assert "spec.preferredHolder" in _errors(preferred_holder="b")[0]
    assert _errors(preferred_holder="b", strategy="OldestEmulationVersion") == []
    assert _errors(preferred_holder="b", strategy="example.com/mine") == []
    assert "Unsupported value" in _errors(strategy="mine")[0]
    assert "spec.strategy" in _errors(strategy="Not A Domain/x")[0]


def test_a_holder_who_lets_go_leaves_an_empty_identity() -> None:
    tail = LEASE.encode_tail(_lease(holder_identity="", lease_transitions=0))
    spec = LEASE.decode(1, tail).spec
    assert (spec.holder_identity, spec.lease_transitions, spec.renew_time) == ("", 0, None)


def test_the_holder_has_a_column() -> None:
    assert [column.name for column in leases.columns] == ["Name", "Holder", "Age"]
    assert leases.cells(_lease(holder_identity="me"), "5m") == ["l", "me", "5m"]
    assert leases.cells(_lease(), "5m") == ["l", "", "5m"]

"""The status of a Repository: the condition `Ready`, with upstream's reasons and messages, and what was found.

More conditions are there only while they are true: `SyncHeld`, when a synchronisation waits for somebody to confirm it
(see cache.holds), `Damaged`, when the only copy of a hosted repository is, and `NamesClash`, when packages share names
(see cache.clashes). Pure. A condition that says the same
as before keeps its transition time, and a status that says the same as before is the same, so that nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from porch.cache import RepositoryFacts, SyncResult
from porch.types.meta import Condition
from porch.types.repository import Repository

READY, HELD, DAMAGED, CLASH = "Ready", "SyncHeld", "Damaged", "NamesClash"


@dataclass(frozen=True, slots=True)
class Report:
    """How a synchronisation went that has looked at the generation `generation`; `due` is the next one's time."""

    result: SyncResult
    generation: int
    due: datetime
    clone_url: str = ""
    damage: str = ""
    run_once_at: str | None = None


def reconciling(obj: Repository) -> Repository:
    return _with_ready(obj, "False", "Reconciling", "Repository reconciliation in progress")


def failed(obj: Repository, message: str) -> Repository:
    return _with_ready(obj, "False", "Error", message or "unknown error")


def in_order(obj: Repository) -> bool:
    """Whether the last synchronisation of just this Repository went well."""
    ready = any(item.type == READY and item.status == "True" for item in obj.status.conditions)
    return ready and obj.status.observed_generation == obj.metadata.generation and not obj.metadata.deletion_timestamp


def has_failed(obj: Repository) -> bool:
    """Whether the last synchronisation that was told of had failed."""
    return any(item.type == READY and item.reason == "Error" for item in obj.status.conditions)


def told_of(obj: Repository, condition: str) -> str:
    """The message of a condition; empty without it."""
    return next((item.message for item in obj.status.conditions if item.type == condition), "")


def synchronised(obj: Repository, report: Report) -> Repository:
    """The times are written when something else changed or a tenth of an hour has passed: a Repository at rest should
    not wake its watchers each minute. What is held is not synchronised, but its Repository can be read and written.
    """
    before, result = _facts(obj), report.result
    _with_ready(obj, "True", "Ready", "Repository Ready", report.generation)
    held = result.held
    _extra(obj, HELD, held.reason if held else "", held.message if held else "", report.generation)
    _extra(obj, DAMAGED, "ObjectsMissing" if report.damage else "", report.damage, report.generation)
    _extra(obj, CLASH, "PackagesShareNames" if result.clashes else "", result.clashes, report.generation)
    status = obj.status
    status.observed_generation = report.generation
    status.package_count = result.revisions
    status.git_commit_hash = result.head
    status.clone_url = report.clone_url
    status.observed_run_once_at = report.run_once_at
    now = datetime.now(UTC)
    told = status.last_full_sync_time if held is None else status.next_full_sync_time
    if before != _facts(obj) or _older(told, now - timedelta(minutes=6)):
        status.next_full_sync_time = _time(report.due)
        if held is None:
            status.last_full_sync_time = _time(now)
    return obj


def clone_url(public_url: str, facts: RepositoryFacts) -> str:
    """Where git users find a hosted repository; empty for a remote one."""
    return f"{public_url}/git/{facts.key.namespace}/{facts.hosted_name}.git" if facts.hosted else ""


def _with_ready(obj: Repository, value: str, reason: str, message: str, generation: int = 0) -> Repository:
    old = next((condition for condition in obj.status.conditions if condition.type == READY), None)
    since = old.last_transition_time if old is not None and old.status == value else _time(datetime.now(UTC))
    ready = Condition(
        type=READY,
        status=value,
        observed_generation=generation or obj.metadata.generation,
        last_transition_time=since,
        reason=reason,
        message=message,
    )
    obj.status.conditions = [ready, *(condition for condition in obj.status.conditions if condition.type != READY)]
    return obj


def _extra(obj: Repository, name: str, reason: str, message: str, generation: int) -> None:
    """A condition that is only there while it is true."""
    old = next((condition for condition in obj.status.conditions if condition.type == name), None)
    obj.status.conditions = [condition for condition in obj.status.conditions if condition.type != name]
    if reason:
        obj.status.conditions.append(
            Condition(
                type=name,
                status="True",
                observed_generation=generation,
                last_transition_time=old.last_transition_time if old is not None else _time(datetime.now(UTC)),
                reason=reason,
                message=message,
            )
        )


def _facts(obj: Repository) -> tuple[object, ...]:
    status = obj.status
    said = [(item.type, item.status, item.reason, item.message, item.observed_generation) for item in status.conditions]
    found = status.observed_generation, status.package_count, status.git_commit_hash, status.clone_url
    return said, found, status.observed_run_once_at


def _older(text: str | None, limit: datetime) -> bool:
    return text is None or datetime.fromisoformat(text) < limit


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")

"""The status of a Repository: one condition, `Ready`, with upstream's reasons and messages, and what was found.

Pure. A condition that says the same as before keeps its transition time, and a status that says the same as before is
the same, so that nothing is written.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from porch.cache import RepositoryFacts, SyncResult
from porch.types.meta import Condition
from porch.types.repository import Repository


def reconciling(obj: Repository) -> Repository:
    return _with_ready(obj, "False", "Reconciling", "Repository reconciliation in progress")


def failed(obj: Repository, message: str) -> Repository:
    return _with_ready(obj, "False", "Error", message or "unknown error")


def in_order(obj: Repository) -> bool:
    """Whether the last synchronisation of just this Repository went well."""
    ready = any(item.type == "Ready" and item.status == "True" for item in obj.status.conditions)
    return ready and obj.status.observed_generation == obj.metadata.generation and not obj.metadata.deletion_timestamp


def has_failed(obj: Repository) -> bool:
    """Whether the last synchronisation that was told of had failed."""
    return any(item.type == "Ready" and item.reason == "Error" for item in obj.status.conditions)


def synchronised(obj: Repository, result: SyncResult, interval: float, clone_url: str) -> Repository:
    """`interval` is in seconds. The times are written when something else changed or a tenth of an hour has passed:
    a Repository at rest should not wake its watchers each minute.
    """
    before = _facts(obj)
    _with_ready(obj, "True", "Ready", "Repository Ready")
    status = obj.status
    status.observed_generation = obj.metadata.generation
    status.package_count = result.revisions
    status.git_commit_hash = result.head
    status.clone_url = clone_url
    now = datetime.now(UTC)
    if before != _facts(obj) or _older(status.last_full_sync_time, now - timedelta(minutes=6)):
        status.last_full_sync_time = _time(now)
        status.next_full_sync_time = _time(now + timedelta(seconds=interval))
        status.observed_run_once_at = obj.spec.sync.run_once_at if obj.spec.sync else None
    return obj


def clone_url(public_url: str, facts: RepositoryFacts) -> str:
    """Where git users find a hosted repository; empty for a remote one."""
    return f"{public_url}/git/{facts.key.namespace}/{facts.hosted_name}.git" if facts.hosted else ""


def _with_ready(obj: Repository, value: str, reason: str, message: str) -> Repository:
    old = next((condition for condition in obj.status.conditions if condition.type == "Ready"), None)
    since = old.last_transition_time if old is not None and old.status == value else _time(datetime.now(UTC))
    ready = Condition(
        type="Ready",
        status=value,
        observed_generation=obj.metadata.generation,
        last_transition_time=since,
        reason=reason,
        message=message,
    )
    obj.status.conditions = [condition for condition in obj.status.conditions if condition.type != "Ready"] + [ready]
    return obj


def _facts(obj: Repository) -> tuple[object, ...]:
    status = obj.status
    ready = [(item.status, item.reason, item.message, item.observed_generation) for item in status.conditions]
    return ready, status.observed_generation, status.package_count, status.git_commit_hash, status.clone_url


def _older(text: str | None, limit: datetime) -> bool:
    return text is None or datetime.fromisoformat(text) < limit


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")

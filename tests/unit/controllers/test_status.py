"""The status of a Repository: one condition with upstream's words, and silence when nothing changed."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime

from porch.cache import RepositoryFacts, SyncResult
from porch.controllers import status
from porch.keys import RepositoryKey
from porch.types.meta import Condition, ObjectMeta
from porch.types.repository import Repository

_RESULT = SyncResult(head="a" * 40, revisions=3, changed=1)
_DUE = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
_REPORT = status.Report(_RESULT, generation=2, due=_DUE)


def _repository() -> Repository:
    return Repository(metadata=ObjectMeta(name="r", namespace="default", generation=2))


def _ready(obj: Repository) -> Condition:
    (condition,) = obj.status.conditions
    assert condition.type == "Ready"
    return condition


def test_the_words_are_upstreams() -> None:
    said = [
        (ready.status, ready.reason, ready.message)
        for ready in (
            _ready(status.reconciling(_repository())),
            _ready(status.synchronised(_repository(), _REPORT)),
            _ready(status.failed(_repository(), "no such branch")),
            _ready(status.failed(_repository(), "")),
        )
    ]
    assert said == [
        ("False", "Reconciling", "Repository reconciliation in progress"),
        ("True", "Ready", "Repository Ready"),
        ("False", "Error", "no such branch"),
        ("False", "Error", "unknown error"),
    ]


def test_a_synchronisation_says_what_it_found() -> None:
    found = status.synchronised(_repository(), replace(_REPORT, clone_url="https://h/git/default/r.git")).status
    assert (found.package_count, found.git_commit_hash, found.observed_generation) == (3, "a" * 40, 2)
    assert found.clone_url == "https://h/git/default/r.git"
    assert found.last_full_sync_time
    assert found.next_full_sync_time


def test_the_same_again_changes_nothing() -> None:
    once = status.synchronised(_repository(), _REPORT)
    assert status.synchronised(copy.deepcopy(once), _REPORT) == once


def test_the_transition_time_is_that_of_the_last_change() -> None:
    obj = status.failed(_repository(), "gone")
    _ready(obj).last_transition_time = "2026-01-02T03:04:05Z"
    assert _ready(status.failed(obj, "still gone")).last_transition_time == "2026-01-02T03:04:05Z"
    assert _ready(status.synchronised(obj, _REPORT)).last_transition_time != "2026-01-02T03:04:05Z"


def test_only_a_hosted_repository_has_a_clone_url() -> None:
    assert status.clone_url("https://porch.example", _facts("h")) == "https://porch.example/git/default/h.git"
    assert status.clone_url("https://porch.example", _facts("")) == ""


def _facts(hosted_name: str) -> RepositoryFacts:
    return RepositoryFacts(
        key=RepositoryKey("default", "r"),
        uid="uid",
        url="https://git.example/r.git",
        location="https://git.example/r",
        directory="",
        branch="main",
        deployment=False,
        hosted_name=hosted_name,
        dashed=False,
        max_refs=3,
    )


def test_a_failure_is_remembered_until_the_next_success() -> None:
    obj = _repository()
    assert not status.has_failed(obj)
    assert status.has_failed(status.failed(obj, "no route"))
    assert not status.has_failed(status.synchronised(obj, _REPORT))

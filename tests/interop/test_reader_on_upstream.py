"""The plain reader accepts what upstream wrote. What it does not accept was made by hand, each for its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop.plain import Published, Report, read
from tests.support import upstream
from tests.support.upstream import refs_left


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("left")
    upstream.unbundle(folder)
    return folder


def broken(report: Report) -> dict[str, set[str]]:
    """The places where each rule is broken."""
    rules: dict[str, set[str]] = {}
    for finding in report.findings:
        rules.setdefault(finding.rule, set()).add(finding.place)
    return rules


def test_a_repository_that_only_upstream_wrote_breaks_no_rule(left: Path) -> None:
    report = read(left / "edge.git")
    assert report.findings == []
    assert [(item.package, item.number, item.workspace) for item in report.published] == [
        ("amf", 1, "a-1"),
        ("site1/base", 1, "v1"),
        ("site1/base", 2, "v2"),
        ("web", 1, "imported"),
    ]
    assert report.drafts == ["exp/ws1", "from-scoped/c1", "site1/base/forced", "web1/from-tag"]
    assert report.proposed == ["site1/base/copied"]


def test_of_the_catalog_only_the_old_history_is_not_accepted(left: Path) -> None:
    """It was made by hand, as versions of upstream before this one wrote: other subjects, other annotations."""
    report = read(left / "catalog.git")
    old = {"Intermediate commit: init", "Intermediate commit: eval", "Approve legacy/v1", "Approve legacy/v2"}
    assert broken(report) == {
        "committer": old,
        "annotation": old,
        "subject": {"Intermediate commit: init", "Approve legacy/v1"},
        "approval-parents": {"Intermediate commit: init", "Approve legacy/v1"},
        "approval-tag": {"refs/tags/legacy/v1", "refs/tags/legacy/v2"},
    }
    assert Published("legacy", 3, "next", refs_left("catalog")["refs/tags/legacy/v3"]) in report.published
    assert report.marked == ["half/main", "net/core/amf/v2"]


def test_of_the_shared_repository_only_what_hands_did_is_not_accepted(left: Path) -> None:
    report = read(left / "mono.git", "main", "release")
    tags = "refs/tags/teams/"
    assert broken(report) == {
        "family": {
            "refs/heads/feature/unrelated",
            "refs/tags/release-1",
            *(f"{tags}alpha/svc/{name}" for name in ("3", "rc1", "v1.2.3")),
        },
        "approval-tag": {
            *(f"{tags}alpha/{name}" for name in ("manual/one/v2", "nowhere/v1", "svc/v7", "svc/v8")),
            f"{tags}alphabet/y/v1",
            f"{tags}beta/x/v1",
        },
        "lightweight": {f"{tags}alpha/svc/v8"},
        "draft-head": {
            "refs/heads/drafts/teams/alpha/manual/two/hand",
            "refs/heads/proposed/teams/alpha/nokpt/hand",
        },
        "marker": {"refs/heads/deletionProposed/teams/alpha/absent/v1"},
    }

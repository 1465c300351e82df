"""client-go's dynamic client and its discovery cache against a real server."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.clients.goprogram import Line, ended, of
from tests.support.server import Server
from tests.wire.space import Space, repository

NAMES = ("settings", "one", "two")
KINDS = {
    "configmaps.v1.": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in NAMES],
    "repositories.v1alpha1.config.porch.kpt.dev": [repository(name, f"hosted:///{name}") for name in NAMES],
}


@pytest.mark.parametrize("resource", KINDS)
def test_a_dynamic_client_leads_an_object_through_its_life(empty: Space, resource: str) -> None:
    lines = ended(
        empty.server, "dynamic", "--namespace", empty.namespace, "--resource", resource, stdin=KINDS[resource]
    )
    assert [(line["step"], outcome(line)) for line in of(lines, "step")] == [
        ("create", ""),
        ("create again", "AlreadyExists"),
        ("get", ""),
        ("update", "updated"),
        ("update stale", "Conflict"),
        ("json patch", "json"),
        ("json patch of another", "Invalid"),
        ("dry merge patch", "dry"),
        ("merge patch", "merged"),
        ("list", ["settings"]),
        ("delete another", "Conflict"),
        ("delete", ""),
        ("delete again", "NotFound"),
        ("delete collection", ""),
        ("list what is left", ["settings"]),
    ]
    watched, *_ = of(lines, "watched")
    assert labelled(watched["seen"]) == [
        "ADDED ",
        "MODIFIED updated",
        "MODIFIED json",
        "MODIFIED merged",
        "DELETED merged",
    ]


def outcome(line: Line) -> Any:
    """The names that were listed, the reason of a refusal, or the label that the object has now."""
    return line.get("names", line.get("reason", line.get("label", "")))


def labelled(words: list[str]) -> list[str]:
    """Without the writes of a controller, which change no label."""
    return [word for before, word in pairwise(["", *words]) if word not in {before, "MODIFIED "}]


KIND_ARGUMENTS = (
    "PackageRevision.porch.kpt.dev",
    "Repository.config.porch.kpt.dev",
    "Namespace",
    "Nothing.example.com",
)


def discover(server: Server, cache: Path, *options: str) -> list[Line]:
    return ended(server, "discovery", "--cache", str(cache), *options, *KIND_ARGUMENTS)


def answers(lines: list[Line]) -> list[tuple[str, int]]:
    """What was asked and how it was answered."""
    return [(line["path"], line["status"]) for line in of(lines, "request") if line["path"] != "/version"]


def test_a_mapper_finds_resources_by_kind(server: Server, tmp_path: Path) -> None:
    lines = discover(server, tmp_path)
    assert [(line["kind"], line["resource"], line["version"], line["scope"]) for line in of(lines, "mapping")] == [
        ("PackageRevision.porch.kpt.dev", "packagerevisions", "v1alpha1", "namespace"),
        ("Repository.config.porch.kpt.dev", "repositories", "v1alpha1", "namespace"),
        ("Namespace", "namespaces", "v1", "root"),
    ]
    (unknown,) = of(lines, "unknown")
    assert unknown["message"] == 'no matches for kind "Nothing" in group "example.com"'


def test_discovery_asks_once_for_all_groups(server: Server, tmp_path: Path) -> None:
    known = [kind for kind in KIND_ARGUMENTS if not kind.startswith("Nothing")]
    lines = ended(server, "discovery", "--cache", str(tmp_path), *known)
    assert answers(lines) == [("/api", 200), ("/apis", 200)]
    assert all("apidiscovery" in line["type"] for line in of(lines, "request") if line["path"] != "/version")


def test_a_second_run_reads_the_cache_on_disk(server: Server, tmp_path: Path) -> None:
    known = KIND_ARGUMENTS[:3]
    first = ended(server, "discovery", "--cache", str(tmp_path), *known)
    second = ended(server, "discovery", "--cache", str(tmp_path), *known)
    assert answers(second) == []
    assert of(second, "mapping") == of(first, "mapping")


def test_an_old_cache_is_told_that_nothing_has_changed(server: Server, tmp_path: Path) -> None:
    known = KIND_ARGUMENTS[:3]
    first = ended(server, "discovery", "--cache", str(tmp_path), *known)
    second = ended(server, "discovery", "--cache", str(tmp_path), "--lifetime", "1ns", *known)
    assert {status for _, status in answers(second)} == {304}
    assert of(second, "mapping") == of(first, "mapping")

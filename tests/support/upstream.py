"""Repositories that upstream Porch managed, the Repositories they were registered as, and what it answered for them.

The answers are those of a server that saw only git. They name the address where upstream had the repositories; given
the address of a test's own server they name that one. Inside the packages the old address stands as it was written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.githttp import git, new_repository

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "upstream-managed"
SERVED = ("catalog", "edge", "mono", "ext")
REPOSITORIES = ("catalog", "edge", "scoped", "scoped-rel")
ADDRESS = "http://127.0.0.1:19610"
Json = Any


def unbundle(folder: Path) -> None:
    """Bare repositories NAME.git with every ref that upstream left; they take pushes."""
    for name in SERVED:
        bundle = str(FIXTURES / "git" / f"{name}.bundle")
        git("fetch", "--quiet", bundle, "+refs/*:refs/*", cwd=new_repository(folder / f"{name}.git"))


def refs_left(name: str) -> dict[str, str]:
    """The refs of a repository, as written down when it was bundled."""
    lines = (FIXTURES / "git" / f"{name}.refs").read_text("utf-8").splitlines()
    return {ref: target for target, _, ref in map(str.split, lines)}


def answers(file: str, address: str = ADDRESS) -> dict[str, Json]:
    """The items of an answer by name; `address` stands for the one where their repositories are."""
    items = json.loads((FIXTURES / "answers" / file).read_text("utf-8"))["items"]
    for item in items:
        git_spec = item.get("spec", {}).get("git") or {}
        lock = item.get("status", {}).get("selfLock", {}).get("git") or {}
        for place in (git_spec, lock):
            if "repo" in place:
                place["repo"] = place["repo"].replace(ADDRESS, address)
    return {item["metadata"]["name"]: item for item in items}


def registrations(address: str) -> list[Json]:
    """The four Repositories as they were registered, for repositories that are served below `address`."""
    return [
        {
            "apiVersion": item["apiVersion"],
            "kind": item["kind"],
            "metadata": {"name": item["metadata"]["name"]},
            "spec": item["spec"],
        }
        for item in answers("adopted/repositories.json", address).values()
    ]


def printed(command: str) -> list[str]:
    """The lines that kubectl printed for upstream."""
    text = (FIXTURES / "answers/adopted/kubectl.txt").read_text("utf-8")
    parts = dict(part.split("\n", 1) for part in f"\n{text}".split("\n$ ")[1:])
    return [line.rstrip() for line in parts[command].splitlines() if line.strip()]

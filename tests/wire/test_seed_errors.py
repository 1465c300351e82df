"""The sample request flow's three error scenarios, as kubectl prints them; none of them leaves anything behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.server import run
from tests.wire.space import DOTTED, REVISIONS, SEED, Space, revision


def _manifest(space: Space) -> str:
    return SEED.replace("namespace: default", f"namespace: {space.namespace}")


def test_a_workspace_name_that_exists(space: Space) -> None:
    space.kubectl("create", "-f", "-", stdin=_manifest(space))
    before = (space.refs(), space.get(REVISIONS, DOTTED))

    assert space.refused("create", "-f", "-", stdin=_manifest(space)) == (
        'Error from server (AlreadyExists): error when creating "STDIN": package revision workspaceNames must be unique; '
        "package revision with name my-package in repo blueprints with workspaceName v1 already exists"
    )
    assert (space.refs(), space.get(REVISIONS, DOTTED)) == before


def test_a_task_that_fails(space: Space) -> None:
    """The description is no YAML that a Kptfile can hold."""
    before = space.refs()
    wrong = revision()
    wrong["spec"]["readinessGates"] = [{"conditionType": "x" * 70000}]
    refusal = space.refused("create", "-f", "-", stdin=json.dumps(wrong))
    assert "is invalid" in refusal
    _nothing_is_left(space, before)


def test_a_push_that_a_hook_of_the_remote_refuses(empty: Space, tmp_path: Path) -> None:
    remote = _remote(empty, tmp_path)
    before = _refs(remote)
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'not on fridays' >&2\nexit 1\n")
    hook.chmod(0o755)
    refusal = empty.refused("create", "-f", "-", stdin=_manifest(empty))
    assert refusal.startswith('Error from server (Conflict): error when creating "STDIN": ')
    assert "failed to close package revision draft: failed to push to remote: " in refusal
    assert "hook declined" in refusal

    assert _refs(remote) == before
    assert empty.names(REVISIONS) == []
    hook.unlink()
    empty.kubectl("create", "-f", "-", stdin=_manifest(empty))

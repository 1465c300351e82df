"""`porch demo`: what somebody sees first, with kubectl on the machine and without."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.server import porch, run


@pytest.mark.parametrize("with_kubectl", [True, False])
def test_it_shows_the_whole_flow_and_ends(surrounding: None, tmp_path: Path, *, with_kubectl: bool) -> None:
    environment = os.environ | ({} if with_kubectl else {"PATH": str(_without_kubectl(tmp_path))})
    done = run(porch("demo"), environment=environment)
    assert done.code == 0, done.err
    assert ("$ kubectl create -f -" if with_kubectl else "$ porch apply -f -") in done.out
    for shown in (
        "packagerevision.porch.kpt.dev/blueprints.my-package.v1 created",
        "blueprints.my-package.v1   my-package   v1              0          Draft       blueprints",
        "--- Kptfile",
        "--- README.md",
        "--- package-context.yaml",
        "    Creating new empty revision",
        'kpt:{"package":"my-package","workspaceName":"v1","revision":"0","task":{"type":"init"',
        "engine.validate-workspace",
        "(the whole request)",
    ):
        assert shown in done.out
    assert done.err == ""


def _without_kubectl(directory: Path) -> Path:
    """A PATH that has git and its shell, nothing else."""
    for name in ("git", "sh"):
        (directory / name).symlink_to(str(shutil.which(name)))
    return directory

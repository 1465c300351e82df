"""On a machine that lacks something, the first `make` prints the line that installs it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make-venv"
_BARE = 'case "$*" in *ensurepip*) exit 1;; esac'
_OLD = 'case "$*" in --version) echo Python 3.9.2;; *) exit 1;; esac'


def _machine(root: Path, **programs: str) -> Path:
    """A PATH with bash, and with programs of which each is a line of shell."""
    bash = shutil.which("bash")
    assert bash
    (root / "bash").symlink_to(bash)
    for name, line in programs.items():
        (root / name).write_text(f"#!{bash}\n{line}\n")
        (root / name).chmod(0o755)
    return root


@pytest.mark.parametrize(
    ("programs", "packages"),
    [
        ({}, "python3 python3-venv git"),
        ({"python3": _BARE}, "python3-venv git"),
        ({"python3": _BARE, "git": ""}, "python3-venv"),
        ({"python3": "", "git": "exit 1"}, ""),
        ({"python3": ""}, "git"),
        ({"python3": _OLD, "python3.12": _BARE, "git": ""}, "python3.12-venv"),
        ({"python3": _OLD, "git": ""}, "python3.11 python3.11-venv"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, programs: dict[str, str], packages: str) -> None:
    path = _machine(tmp_path, **programs)
    command = [str(path / "bash"), str(_SCRIPT), str(tmp_path / "venv")]
    done = subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True, check=False)
    lines = [line.strip() for line in done.stderr.splitlines() if "apt-get install" in line]
    assert lines == ([f"apt-get update && apt-get install --yes {packages}"] if packages else [])
    assert done.returncode == (1 if packages else 0)


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    path = _machine(tmp_path, python3=_OLD)
    command = [str(path / "bash"), str(_SCRIPT), str(tmp_path / "venv")]
    done = subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True, check=False)
    assert "Python 3.11 or newer; this machine has only Python 3.9.2" in done.stderr

"""docs/recovery.md: its examples, run as they are printed there, on a directory that is lost, damaged and mended."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.server import Server

_DOCS = Path(__file__).parents[2] / "docs" / "recovery.md"
_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, namespace: default}\n"


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w.-]+", text))


def example(section: str) -> tuple[str, set[str]]:
    """The command of a section, and words that it prints."""
    text = _DOCS.read_text().partition(f"## {section}\n")[2].partition("\n## ")[0]
    found = re.search(r"```console\n\$ (.*)\n(.*)\n```", text)
    assert found is not None, section
    return found[1], _words(found[2])


def perform(server: Server, section: str) -> None:
    command, words = example(section)
    environment = server.environment() | {"PORCH_DATA_DIR": str(server.data)}
    done = subprocess.run(
        ["bash", "-c", f'porch() {{ "{sys.executable}" -m porch "$@"; }}; {command}'],
        cwd=server.home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.replace(f"{server.home}/", "").replace(str(server.data), "the data directory")
    assert words <= _words(printed), printed


def test_the_examples_do_what_they_say(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    with server:
        server.kubectl("create", "-f", "-", stdin=_MAP)
        perform(server, "Backup")
    shutil.rmtree(server.data)
    perform(server, "The data directory is lost")
    for section in ("The database is damaged", "Package revisions are not what git says"):
        perform(server, section)
        with server:
            server.kubectl("get", "configmap", "kept")

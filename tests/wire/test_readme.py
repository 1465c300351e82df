"""README's sample flow and its other examples, run as they are printed there, with the output that it promises."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import Server
from tests.wire.examples import examples, same

_README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def fresh(surrounding: None, tmp_path: Path) -> Iterator[Server]:
    """A server of its own: README works in namespace default."""
    with Server(tmp_path / "data") as running:
        yield running


def _examples(section: str) -> list[tuple[str, str]]:
    return examples(_README.read_text().partition(f"## {section}\n")[2].partition("\n## ")[0])


def test_the_sample_flow_prints_what_readme_shows(fresh: Server) -> None:
    examples = [item for item in _examples("The sample flow") if item[0].startswith("kubectl")]
    assert len(examples) == 4
    for command, promised in examples:
        done = subprocess.run(
            ["bash", "-c", command], env=fresh.environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert same(done.stdout) == same(promised)


def test_a_hosted_repository_is_cloned_as_readme_says(fresh: Server, tmp_path: Path) -> None:
    test_the_sample_flow_prints_what_readme_shows(fresh)
    command = next(item for item, _ in _examples("The sample flow") if item.startswith("git "))
    command = command.replace("https://me@127.0.0.1:9443", fresh.url)
    command = command.replace("$HOME/.local/share/porch", str(fresh.kubeconfig.parent))
    token = (fresh.kubeconfig.parent / "tokens.csv").read_text().partition(",")[0]
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env=fresh.git_environment(token),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "blueprints" / "README.md").read_text() == "Created by porch"


def test_a_repository_elsewhere_is_registered_as_readme_says(fresh: Server) -> None:
    for command, promised in _examples("Your own git repository")[:2]:
        done = subprocess.run(
            ["bash", "-c", command], env=fresh.environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stdout == promised.rstrip("\n") + "\n", done.stderr

"""`porch render` and `porch fn run` on local directories."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from porch.cli import porch
from porch.errors import BadRequest

KPTFILE = """apiVersion: kpt.dev/v1 # kept
kind: Kptfile
metadata:
  name: p
pipeline:
  mutators:
  - image: set-namespace:v0.4
    configMap: {namespace: prod}
"""
THING = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n  namespace: {}\n"
Run = Callable[..., Result]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "package"
    (root / "d").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / "Kptfile").write_text(KPTFILE)
    (root / "a.yaml").write_text(THING.format("a", "old"))
    (root / "d/b.yaml").write_text(THING.format("b", "old"))
    (root / "README.md").write_text("x")
    (root / ".git/config.yaml").write_text("a: [")
    return root


def porch_(*arguments: str | Path) -> Result:
    return CliRunner().invoke(porch, [str(argument) for argument in arguments])


def contents(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_the_package_is_rendered_in_place(package: Path) -> None:
    (package / "a.yaml").chmod(0o640)
    done = porch_("render", package)
    assert done.exit_code == 0
    assert '[RUNNING] "ghcr.io/kptdev/krm-functions-catalog/set-namespace:v0.4" (1 of 1)' in done.stderr
    assert '[PASS] "ghcr.io/kptdev/krm-functions-catalog/set-namespace:v0.4" in ' in done.stderr
    assert '    [info]: namespace [old] updated to "prod", 2 value(s) changed' in done.stderr
    assert "Successfully executed 1 function(s) in 1 package(s)." in done.stderr
    assert done.stdout == ""
    after = contents(package)
    assert after["a.yaml"] == THING.format("a", "prod")
    assert after["d/b.yaml"] == THING.format("b", "prod")
    assert after["Kptfile"].startswith(KPTFILE)
    assert after["README.md"] == "x"
    assert stat.S_IMODE((package / "a.yaml").stat().st_mode) == 0o640


def test_a_dry_run_shows_what_would_change_and_changes_nothing(package: Path) -> None:
    before = contents(package)
    done = porch_("render", package, "--dry-run")
    assert done.exit_code == 0
    assert "--- a/a.yaml\n+++ b/a.yaml\n@@ -2,4 +2,4 @@\n" in done.stdout
    assert "-  namespace: old\n+  namespace: prod\n" in done.stdout
    assert contents(package) == before


def test_the_exit_code_tells_whether_a_package_is_rendered(package: Path) -> None:
    assert porch_("render", package, "--dry-run", "--exit-code").exit_code == 2
    assert porch_("render", package, "--exit-code").exit_code == 2
    assert porch_("render", package, "--dry-run", "--exit-code").exit_code == 0
    (package / "a.yaml").write_text(THING.format("a", "mine"))
    assert porch_("render", package, "--dry-run", "--exit-code").exit_code == 2


def test_a_failure_changes_no_file(package: Path) -> None:
    (package / "Kptfile").write_text(KPTFILE + "  - image: no-such:v1\n")
    before = contents(package)
    done = porch_("render", package)
    assert done.exit_code == 1
    assert '[FAIL] "ghcr.io/kptdev/krm-functions-catalog/no-such:v1" in ' in done.stderr
    assert "Error: spec.resources[Kptfile]: " in done.stderr
    assert contents(package) == before


def test_links_are_not_followed(package: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text(THING.format("o", "old"))
    (package / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    assert porch_("render", package).exit_code == 0
    assert (tmp_path / "outside.yaml").read_text() == THING.format("o", "old")


def test_there_must_be_a_directory_with_a_kptfile(package: Path, tmp_path: Path) -> None:
    assert isinstance(porch_("render", tmp_path / "absent").exception, BadRequest)
    (package / "Kptfile").unlink()
    done = porch_("render", package)
    assert done.exit_code == 1
    assert "package must contain Kptfile at root" in done.stderr


def test_a_program_that_the_kptfile_names_needs_to_be_allowed(package: Path) -> None:
    _script(package / "move.sh", "sed 's/namespace: prod/namespace: moved/'")
    (package / "Kptfile").write_text(KPTFILE + "  - exec: ./move.sh\n")
    done = porch_("render", package)
    assert done.exit_code == 1
    assert "must run with `--allow-exec`" in done.stderr
    assert porch_("render", package, "--allow-exec").exit_code == 0
    assert contents(package)["a.yaml"] == THING.format("a", "moved")


def test_executables_of_a_function_config(package: Path, tmp_path: Path) -> None:
    _script(tmp_path / "mine", "sed 's/namespace: prod/namespace: mine/'")
    config = tmp_path / "configs.yaml"
    config.write_text(
        "apiVersion: config.porch.kpt.dev/v1alpha1\nkind: FunctionConfig\nmetadata:\n  name: mine\n"
        "spec:\n  image: mine\n  binaryExecutor:\n    path: mine\n    tags: [v1]\n"
    )
    (package / "Kptfile").write_text(KPTFILE + "  - image: mine:v1\n")
    done = porch_("render", package, "--function-configs", config, "--function-dir", tmp_path)
    assert done.exit_code == 0, done.stderr
    assert contents(package)["a.yaml"] == THING.format("a", "mine")


def _script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


# --- porch fn run


def test_one_function_with_its_config_behind_two_dashes(package: Path) -> None:
    done = porch_("fn", "run", "-i", "set-labels:v0.2", package, "--", "tier=front")
    assert done.exit_code == 0, done.stderr
    after = contents(package)
    assert after["a.yaml"] == THING.format("a", "old") + "  labels:\n    tier: front\n"
    assert "renderStatus" not in after["Kptfile"]


def test_one_function_on_the_current_directory(package: Path) -> None:
    before = Path.cwd()
    os.chdir(package)
    try:
        done = porch_("fn", "run", "--image", "set-namespace:v0.4", "--", "namespace=x")
    finally:
        os.chdir(before)
    assert done.exit_code == 0, done.stderr
    assert contents(package)["a.yaml"] == THING.format("a", "x")


def test_one_function_on_what_it_selects(package: Path) -> None:
    arguments = ["-i", "set-namespace:v0.4", "--match-kind", "ConfigMap", "--exclude-name", "b", "--diff"]
    done = porch_("fn", "run", *arguments, package, "--", "namespace=x")
    assert done.exit_code == 0, done.stderr
    after = contents(package)
    assert (after["a.yaml"], after["d/b.yaml"]) == (THING.format("a", "x"), THING.format("b", "old"))
    assert "+  namespace: x\n" in done.stdout


def test_one_function_without_a_kptfile_and_with_a_config_file(package: Path, tmp_path: Path) -> None:
    (package / "Kptfile").unlink()
    config = tmp_path / "config.yaml"
    config.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  namespace: y\n")
    done = porch_("fn", "run", "-i", "set-namespace:v0.4", "--fn-config", config, package)
    assert done.exit_code == 0, done.stderr
    assert contents(package)["a.yaml"] == THING.format("a", "y")


def test_a_program_as_the_function(package: Path, tmp_path: Path) -> None:
    _script(tmp_path / "mine", "sed 's/namespace: old/namespace: mine/'")
    assert porch_("fn", "run", "--exec", tmp_path / "mine", package).exit_code == 0
    assert contents(package)["a.yaml"] == THING.format("a", "mine")


def test_a_validator_changes_nothing(package: Path) -> None:
    before = contents(package)
    done = porch_("fn", "run", "-t", "validator", "-i", "set-namespace:v0.4", package, "--", "namespace=x")
    assert done.exit_code == 0, done.stderr
    assert contents(package) == before


def test_a_function_that_fails_changes_nothing(package: Path) -> None:
    before = contents(package)
    done = porch_("fn", "run", "-i", "search-replace:v0.2", package, "--", "by-val=x")
    assert done.exit_code == 1
    assert "invalid matcher" in done.stderr
    (package / "a.yaml").write_text("a: [")
    done = porch_("fn", "run", "-i", "set-namespace:v0.4", package, "--", "namespace=x")
    assert done.exit_code == 1
    assert "a.yaml: MalformedYAMLError" in done.stderr
    assert contents(package) == {**before, "a.yaml": "a: ["}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "by --image or by --exec"),
        (["-i", "x", "--exec", "y"], "by --image or by --exec"),
        (["-i", "x", "--match-labels", "a"], "must be KEY=VALUE"),
        (["-i", "x", "--fn-config", "/absent"], "cannot read /absent"),
    ],
)
def test_wrong_options_are_named(package: Path, arguments: list[str], words: str) -> None:
    done = porch_("fn", "run", *arguments, package)
    assert isinstance(done.exception, BadRequest)
    assert words in done.exception.message

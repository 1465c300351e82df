"""Executables that FunctionConfigs name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from porch.function.catalog import Catalog
from porch.function.interface import FunctionCall, FunctionNotFound, FunctionOutcome
from porch.function.runtimes.executable import ExecutableRuntime
from porch.function.runtimes.program import Limits
from porch.kyaml import text_of
from porch.types.functionconfig import FunctionConfigSpec
from tests.unit.function.installed import config_map

_IMAGE = "ghcr.io/kptdev/krm-functions-catalog/mine:v1"
_ECHO = "import sys\ndata = sys.stdin.read()\n"
Run = Callable[..., FunctionOutcome]


def runtime(directory: Path, path: str = "mine", seconds: float = 20, output: int = 10_000_000) -> ExecutableRuntime:
    spec = {"image": "mine", "binaryExecutor": {"tags": ["v1"], "path": path}}
    return ExecutableRuntime(
        Catalog([msgspec.convert(spec, FunctionConfigSpec)]), directory, Limits(seconds, stdout=output)
    )


def write(directory: Path, code: str, name: str = "mine") -> Path:
    path = directory / name
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def called(code: str, **limits: float) -> FunctionOutcome:
        write(tmp_path, code)
        made = runtime(tmp_path, **limits)  # type: ignore[arg-type]
        return made.evaluate(FunctionCall(_IMAGE, [config_map()], config_map("config")))

    return called


def test_resources_go_in_and_come_out(run: Run) -> None:
    outcome = run(_ECHO + "print(data.replace('team-a', 'team-b', 1), end='')\nprint('told', file=sys.stderr)")
    assert [text_of(item, "data", "owner") for item in outcome.items] == ["team-b"]
    assert (outcome.exit_code, outcome.stderr, outcome.error) == (0, "told\n", "")
    assert outcome.digest.startswith("sha256:")
    assert outcome.duration > 0


def test_results_are_read(run: Run) -> None:
    outcome = run(_ECHO + "print(data + 'results:\\n- message: hello\\n  severity: info')")
    assert [str(result) for result in outcome.results] == ["[info]: hello"]


def test_a_failure_has_its_results_and_the_text_of_upstream(run: Run) -> None:
    outcome = run(_ECHO + "print(data + 'results: [{message: no}]')\nsys.exit('because')")
    assert (outcome.exit_code, outcome.items) == (1, [])
    assert [result.message for result in outcome.results] == ["no"]
    assert outcome.error == (
        f'func eval "{_IMAGE}" failed: rpc error: code = Internal desc = '
        f'Failed to execute function "{_IMAGE}": exit status 1 (because\n)'
    )


def test_one_that_gives_nothing_back_deletes_everything(run: Run) -> None:
    outcome = run("")
    assert (outcome.items, outcome.exit_code, outcome.error) == ([], 0, "")


@pytest.mark.parametrize("printed", ["a: [", "- 1\n", "text", "items: 1", "items: [text]", "a: b\n---\nc: d", "\\x00"])
def test_garbage_is_a_failure_of_the_function(run: Run, printed: str) -> None:
    outcome = run(f"print('''{printed}''')")
    assert outcome.exit_code == 1
    assert outcome.error.startswith("MalformedYAMLError: yaml: ")


def test_a_signal_is_told(run: Run) -> None:
    outcome = run("import os; os.kill(os.getpid(), 11)")
    assert "signal: segmentation fault" in outcome.error
    assert outcome.exit_code == -11


def test_one_that_hangs_is_stopped_and_what_it_told_is_kept(run: Run) -> None:
    outcome = run("import sys\nprint('thinking', file=sys.stderr, flush=True)\nwhile True: pass", seconds=1)
    assert "it took longer than 1 s and was stopped (thinking\n)" in outcome.error
    assert outcome.stderr == "thinking\n"
    assert outcome.exit_code != 0


def test_one_that_floods_is_stopped(run: Run) -> None:
    outcome = run("while True: print('x' * 1000)", output=100_000)
    assert "it wrote more than 100000 bytes and was stopped" in outcome.error


def test_the_servers_environment_stays_with_the_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    outcome = run("import os, sys\nprint(sorted(os.environ), file=sys.stderr)")
    assert "SECRET_TOKEN" not in outcome.stderr
    assert "PATH" in outcome.stderr


def test_a_digest_follows_the_file(tmp_path: Path) -> None:
    made = runtime(tmp_path)
    write(tmp_path, "1")
    before = made.digest(_IMAGE)
    write(tmp_path, "22")
    assert made.digest(_IMAGE) != before


@pytest.mark.parametrize("image", ["a/mine:v1", _IMAGE.replace("v1", "v2"), _IMAGE.replace("mine", "other")])
def test_other_images_are_not_found(tmp_path: Path, image: str) -> None:
    write(tmp_path, "")
    with pytest.raises(FunctionNotFound):
        runtime(tmp_path).digest(image)


def test_what_is_missing_is_not_found_and_told(tmp_path: Path) -> None:
    with pytest.raises(FunctionNotFound, match="mine is no executable in"):
        runtime(tmp_path).digest(_IMAGE)
    (tmp_path / "mine").write_text("not executable")
    with pytest.raises(FunctionNotFound, match="mine is no executable in"):
        runtime(tmp_path).digest(_IMAGE)


@pytest.mark.parametrize("path", ["../outside", "/bin/sh", "link"])
def test_nothing_outside_of_the_directory_is_run(tmp_path: Path, path: str) -> None:
    inside = tmp_path / "functions"
    inside.mkdir()
    write(tmp_path, "", "outside")
    (inside / "link").symlink_to("/bin/sh")
    with pytest.raises(FunctionNotFound, match="is not below the setting function-dir"):
        runtime(inside, path).evaluate(FunctionCall(_IMAGE, []))


def test_code_that_was_replaced_while_it_ran_has_no_digest(run: Run) -> None:
    """Nobody knows which code the system has read."""
    code = "import os, sys\nopen(__file__ + '.new', 'w').close()\nos.replace(__file__ + '.new', __file__)\n"
    outcome = run(code + _ECHO + "print(data, end='')")
    assert (outcome.exit_code, outcome.digest) == (0, "")


def test_code_that_has_just_been_changed_in_place_has_another_digest(tmp_path: Path) -> None:
    made = runtime(tmp_path)
    digests = []
    for number in range(20):
        write(tmp_path, f"print({number:02})")
        digests.append(made.digest(_IMAGE))
    assert len(set(digests)) == len(digests)

"""Functions in real containers: Debian's podman, with an image of one static program."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from porch.errors import ServiceUnavailable
from porch.function.interface import FunctionCall, FunctionOutcome
from porch.function.runtimes.container import LABEL, ContainerRuntime
from porch.function.runtimes.program import Limits
from porch.kyaml import text_of
from tests.unit.function.installed import config_map

_BUSYBOX = "/bin/busybox"
_MB = 1024 * 1024
# Nothing of the machine's own containers is touched, and no more is asked of it than a container in a container has.
_CONTAINERS = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{0}/root"\nrunroot = "{0}/run"\n'
Run = Callable[..., FunctionOutcome]


@pytest.fixture(scope="module", autouse=True)
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    for program in ("podman", "runc", _BUSYBOX):
        if not shutil.which(program):
            raise FileNotFoundError(f"there is no {program}; `make tools` installs it")
    directory = tmp_path_factory.mktemp("podman")
    (directory / "containers.conf").write_text(_CONTAINERS)
    (directory / "storage.conf").write_text(_STORAGE.format(directory))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_CONF", str(directory / "containers.conf"))
        patch.setenv("CONTAINERS_STORAGE_CONF", str(directory / "storage.conf"))
        yield
        _podman("system", "reset", "--force")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Runs a shell script as a function's image."""
    images: list[str] = []

    def called(script: str, limits: Limits | None = None) -> FunctionOutcome:
        archive = tmp_path / f"{len(images)}.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(_BUSYBOX, "busybox")
        images.append(f"localhost/f{uuid.uuid4().hex}:v1")
        entry = f'ENTRYPOINT ["/busybox", "sh", "-c", "{script}"]'
        _podman("import", "--change", entry, str(archive), images[-1])
        runtime = ContainerRuntime("podman", limits or Limits(60, memory=256 * _MB))
        return runtime.evaluate(FunctionCall(images[-1], [config_map()]))

    yield called
    for image in images:
        _podman("rmi", "--force", image)


def _podman(*arguments: str) -> str:
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_resources_go_in_and_come_out(run: Run) -> None:
    outcome = run("/busybox sed s/team-a/team-b/; echo told >&2")
    assert (outcome.exit_code, outcome.stderr) == (0, "told\n"), outcome.error
    assert text_of(outcome.items[0], "data", "owner") == "team-b"


def test_there_is_no_network_nothing_to_write_on_and_no_privilege(run: Run) -> None:
    outcome = run(
        "/busybox ip -o link | /busybox grep -vc ': lo:' >&2; /busybox touch /x; "
        "/busybox touch /tmp/x && echo tmp >&2; "
        "/busybox id -u >&2; /busybox grep CapEff /proc/self/status >&2; /busybox cat"
    )
    told = outcome.stderr.splitlines()
    assert told[0] == "0"
    assert "Read-only file system" in told[1]
    assert told[2:] == ["tmp", "65534", "CapEff:\t0000000000000000"]


def test_a_failure_is_an_outcome(run: Run) -> None:
    outcome = run("echo because >&2; exit 3")
    assert (outcome.exit_code, outcome.stderr) == (3, "because\n")


def test_one_that_hangs_is_stopped_and_leaves_nothing(run: Run) -> None:
    outcome = run("/busybox sleep 600", Limits(3))
    assert "it took longer than 3 s and was stopped" in outcome.error
    assert _podman("ps", "--all", "--quiet", "--filter", f"label={LABEL}") == ""


def test_one_that_needs_too_much_memory_fails(run: Run) -> None:
    outcome = run("/busybox dd if=/dev/zero of=/dev/null bs=512M count=1", Limits(60, memory=64 * _MB))
    assert outcome.exit_code != 0


def test_an_image_that_is_not_there_is_no_failure_of_the_function() -> None:
    with pytest.raises(ServiceUnavailable, match="podman cannot run it"):
        ContainerRuntime("podman", Limits(60)).evaluate(FunctionCall("localhost/no-such:v1", [config_map()]))


def test_containers_of_a_worker_that_is_gone_are_removed(run: Run) -> None:
    run("/busybox cat")  # whose images are still there
    image = _podman("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines()[0]
    _podman("run", "--detach", "--label", f"{LABEL}=1-1", "--entrypoint", "/busybox", image, "sleep", "600")
    assert _podman("ps", "--quiet", "--filter", f"label={LABEL}")
    run("/busybox cat")
    assert _podman("ps", "--all", "--quiet", "--filter", f"label={LABEL}") == ""

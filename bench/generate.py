"""Repositories with as many package revisions as wanted, as upstream would have written them.

    python -m bench.generate --into DATA_DIR --repositories 100        # below git/hosted/default, before `porch up`

Each package has one revision on the branch, a tag for each that was published, and two drafts, of which some are
proposed; some packages have a tag that is proposed for deletion. So ten revisions of a package are one on the branch,
seven tags and two drafts. One `git fast-import` writes a whole repository; the same seed gives the same commit ids.

Every revision has labels that a known share of all revisions have, `share-1` to `share-99`: in its Kptfile, for field
selectors, and for label selectors in the store, where users' labels are kept.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from porch.cache import UserMetadata
from porch.keys import PackageKey, RepositoryKey, RevisionKey
from porch.repository.git.annotations import Annotation, annotation_line, draft_message
from porch.repository.git.executable import run_git
from porch.store import Store, Transaction
from porch.types.task import InitTask, Task

NAMESPACE = "default"
SHARES = (1, 10, 50, 99)
DRAFTS_OF_A_PACKAGE = 2
_ON_THE_BRANCH = 1
_PROPOSED, _MARKED = 0.25, 0.05
_BORN = 1_700_000_000
_BRANCH = "refs/heads/main"
_AREAS = 10  # directories that packages lie in
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Size:
    """`revisions` is per package, those on the branch and the drafts included."""

    repositories: int = 100
    packages: int = 100
    revisions: int = 10

    @property
    def total(self) -> int:
        return self.repositories * self.packages * self.revisions

    @property
    def published(self) -> int:
        return self.revisions - DRAFTS_OF_A_PACKAGE - _ON_THE_BRANCH


@dataclass(frozen=True, slots=True)
class Revision:
    """One that was generated, with the labels that it has."""

    path: str
    workspace: str
    labels: tuple[str, ...]


@dataclass(slots=True)
class _Writer:
    """The stream of one repository."""

    stream: list[bytes]
    chance: random.Random
    clock: int = _BORN
    marks: int = 0
    head: str = ""
    made: list[Revision] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, parent: str, message: bytes, files: dict[str, bytes]) -> str:
        """Returns the mark by which later commits and refs name it."""
        self.marks += 1
        self.clock += self.chance.randint(1, 600)
        lines = [f"commit {_BRANCH}", f"mark :{self.marks}"]
        lines += [f"{role} Ann <ann@example.com> {self.clock} +0000" for role in ("author", "committer")]
        self.stream.append("\n".join(lines).encode() + b"\n" + _data(message))
        if parent:
            self.stream.append(f"from {parent}\n".encode())
        for path, content in files.items():
            self.stream.append(f"M 100644 inline {path}\n".encode() + _data(content))
        self.stream.append(b"\n")
        return f":{self.marks}"

    def labels(self) -> tuple[str, ...]:
        draw = self.chance.random() * 100
        return tuple(f"share-{share}" for share in SHARES if draw < share)


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"


def write_repository(path: Path, size: Size, seed: int) -> list[Revision]:
    """A bare repository at `path`, its objects in one pack and its refs packed. Returns its revisions."""
    path.mkdir(parents=True)
    run_git(["init", "--quiet", "--bare", "--initial-branch=main", "."], cwd=str(path))
    run_git(["config", "http.receivepack", "true"], cwd=str(path))
    writer = _Writer([], random.Random(seed))
    _write(writer, size)
    end = f"reset {_BRANCH}\nfrom {writer.head}\n\ndone\n".encode()
    importing = ["-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--done", "--export-marks=marks"]
    run_git(importing, cwd=str(path), stdin=b"".join([*writer.stream, end]))
    _write_refs(path, writer.refs)
    return writer.made


def _write_refs(path: Path, refs: dict[str, str]) -> None:
    """All at once: git would make a file of each first."""
    marks = path / "marks"
    ids = dict(line.split() for line in marks.read_text().splitlines())
    marks.unlink()
    lines = [f"{ids[mark]} {ref}" for ref, mark in sorted(refs.items())]
    (path / "packed-refs").write_text("\n".join(["# pack-refs with: peeled fully-peeled sorted ", *lines, ""]))


def _write(writer: _Writer, size: Size) -> None:
    writer.head = writer.commit("", b"Initial commit: Creating main branch", {"README.md": b"Created by porch"})
    packages = [f"area-{number % _AREAS}/package-{number:04d}" for number in range(size.packages)]
    published: dict[str, tuple[str, ...]] = {}
    for revision in range(1, size.published + 1):
        for package in packages:
            published[package] = _publish(writer, package, revision)
    for package in packages:
        writer.made.append(Revision(package, "main", published.get(package, ())))
        if writer.chance.random() < _MARKED:
            writer.refs[f"refs/heads/deletionProposed/{package}/v1"] = writer.head
        for number in range(DRAFTS_OF_A_PACKAGE):
            _draft(writer, package, f"draft-{number + 1}")


def _publish(writer: _Writer, package: str, revision: int) -> tuple[str, ...]:
    """A draft's two commits on the branch, and the tag. Returns the labels that the package has now."""
    workspace, labels = f"ws-{revision}", writer.labels()
    created = draft_message(package, workspace, _INIT)
    writer.head = writer.commit(writer.head, created, _files(package, workspace, labels))
    approved = f"Approving package revision {package}/{revision}\n\n".encode()
    approved += annotation_line(Annotation(package, workspace, str(revision)))
    writer.head = writer.commit(writer.head, approved, {})
    writer.refs[f"refs/tags/{package}/v{revision}"] = writer.head
    writer.made.append(Revision(package, workspace, labels))
    return labels


def _draft(writer: _Writer, package: str, workspace: str) -> None:
    folder = "proposed" if writer.chance.random() < _PROPOSED else "drafts"
    ref, labels = f"refs/heads/{folder}/{package}/{workspace}", writer.labels()
    files = _files(package, workspace, labels)
    first = writer.commit(writer.head, draft_message(package, workspace, _INIT), files)
    edited = {f"{package}/deployment.yaml": _DEPLOYMENT % (workspace.encode(), 3)}
    writer.refs[ref] = writer.commit(first, draft_message(package, workspace, Task(type="render")), edited)
    writer.made.append(Revision(package, workspace, labels))


def _files(package: str, workspace: str, labels: Sequence[str]) -> dict[str, bytes]:
    name = package.rpartition("/")[2]
    lines = "".join(f'    {label}: "true"\n' for label in labels)
    kptfile = _KPTFILE.format(name=name, labels=f"  labels:\n{lines}" if lines else "", workspace=workspace)
    return {
        f"{package}/Kptfile": kptfile.encode(),
        f"{package}/README.md": f"# {name}\n".encode(),
        f"{package}/deployment.yaml": _DEPLOYMENT % (workspace.encode(), 1),
        f"{package}/service.yaml": _SERVICE,
    }


_INIT = Task(type="init", init=InitTask(description="A package of the benchmark"))
_KPTFILE = """\
apiVersion: kpt.dev/v1
kind: Kptfile
metadata:
  name: {name}
{labels}  annotations:
    config.kubernetes.io/local-config: "true"
info:
  description: Revision {workspace} of the package
status:
  conditions:
    - type: Rendered
      status: "True"
      reason: RenderSuccess
"""
_DEPLOYMENT = b"""\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    workspace: %s
spec:
  replicas: %d
  template:
    spec:
      containers:
        - name: web
          image: registry.example.com/web:1.2.3
"""
_SERVICE = b"apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n    - port: 80\n"


def repository_names(size: Size) -> list[str]:
    return [f"repo-{number:03d}" for number in range(size.repositories)]


def write_all(root: Path, size: Size, seed: int = 1) -> Iterator[tuple[str, list[Revision]]]:
    """NAME.git below `root` for each repository, one after the other."""
    for number, name in enumerate(repository_names(size)):
        yield name, write_repository(root / f"{name}.git", size, seed * 1_000_003 + number)


def into_data_directory(directory: Path, store: Store, size: Size, seed: int = 1) -> None:
    """Hosted repositories of a server that does not run, and the labels of their revisions. They still are to be
    registered: `hosted:///repo-000` and so on.
    """
    for name, revisions in write_all(directory / "git" / "hosted" / NAMESPACE, size, seed):
        put_labels(store, name, revisions)


def put_labels(store: Store, repository: str, revisions: Sequence[Revision]) -> None:
    """Labels as users would have put them on the revisions of a Repository."""
    key = RepositoryKey(NAMESPACE, repository)
    for start in range(0, len(revisions), _BATCH):
        batch = revisions[start : start + _BATCH]

        def put(tx: Transaction, batch: Sequence[Revision] = batch) -> None:
            for item in batch:
                labels = UserMetadata(labels=dict.fromkeys(item.labels, "true"))
                name = RevisionKey(PackageKey(key, item.path), item.workspace).name
                tx.revisions.put_user_metadata(NAMESPACE, name, labels.encode())

        store.commit(put)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.generate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--into", type=Path, required=True, help="a data directory whose server does not run")
    parser.add_argument("--repositories", type=int, default=100)
    parser.add_argument("--packages", type=int, default=100)
    parser.add_argument("--revisions", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    from porch.store.sqlite import open_store

    given.into.mkdir(parents=True, exist_ok=True)
    store = open_store(given.into / "porch.db")
    size = Size(given.repositories, given.packages, given.revisions)
    try:
        into_data_directory(given.into, store, size, given.seed)
    finally:
        store.close()
    print(f"{size.total} package revisions in {size.repositories} repositories")


if __name__ == "__main__":
    main()

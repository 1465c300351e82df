"""A bare repository on local disk: the copy of a remote, or, when it is hosted here, the repository itself.

Refs are named as at the remote. Objects are read through libgit2, with a handle for each reader; refs and new objects
are written by us, as loose ones, without fsync: for hosted repositories the redo record holds them until they are
durable. Other git processes may write and repack beside us, so a failed read is tried once more with a fresh handle.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pygit2
from prometheus_client import Counter
from pygit2.enums import ConfigLevel

from porch.errors import BadRequest, NotFound, ServiceUnavailable
from porch.repository.git.executable import GitFailed, GitTimeout, run_git
from porch.repository.git.handles import Handles
from porch.repository.git.kept import KeptObjects
from porch.repository.git.large import each_blob
from porch.repository.git.objects import (
    BLOB,
    COMMIT,
    DIRECTORY,
    SUBMODULE,
    TAG,
    TREE,
    Commit,
    TreeItem,
    header,
    parse_commit,
    parse_tree,
    peel_tag,
)
from porch.repository.git.refs import all_refs, clear_stale_locks, read_ref
from porch.repository.interface import MISSING, Entry

MAX_FILES, MAX_DEPTH = 20_000, 200
BIG = 256 * 1024  # bytes; handling more would hold the interpreter for longer than a request may wait
READ = Counter("porch_git_objects_read_total", "Git objects that were read or looked up.")
_HEADER_BYTES = 64  # kind and size come first
_SMALL_FILE = 4096
"""A loose object that is no larger is read whole even if only its size is wanted: its content is wanted next."""
_STEPS = 200
_MOST_WHOLE = 50_000
_KINDS = {1: COMMIT, 2: TREE, 3: BLOB, 4: TAG}
_FOLDERS = ("objects/info", "objects/pack", "refs/heads", "refs/tags")
_HEAD = "ref: refs/heads/main\n"
_CONFIG = """\
[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
	logAllRefUpdates = false
	fsync = pack,pack-metadata,commit-graph
[gc]
	auto = 0
[maintenance]
	auto = false
[receive]
	fsckObjects = true
	denyDeletes = false
	denyNonFastForwards = false
	autogc = false
	advertiseAtomic = true
[transfer]
	fsckObjects = true
	hideRefs = refs/porch
	unpackLimit = 100
[uploadpack]
	allowFilter = true
[http]
	receivepack = true
	uploadpack = true
"""

for _level in (ConfigLevel.SYSTEM, ConfigLevel.GLOBAL, ConfigLevel.XDG):
    pygit2.settings.search_path[_level] = ""  # a user's git configuration must not change what a server does
pygit2.settings.cache_max_size(16 * 1024 * 1024)
_handles = Handles()
_kept = KeptObjects()
_whole: set[int] = set()
"""Objects that this process has seen or written whole, by a hash of the mirror's path and their name: only a power cut
tears a file, and that ends the process, too.
"""


class Mirror:
    """Cheap to make; handles are opened on use."""

    def __init__(self, path: str) -> None:
        self.path = path

    @classmethod
    def prepare(cls, path: str) -> Mirror:
        """Makes the repository if there is none yet; its configuration is ours, whatever was there."""
        if Path(path).is_dir():
            _mend(path)
        else:
            _lay_out(path)
        clear_stale_locks(path)
        return cls(path)

    def close(self) -> None:
        """Lets go of its handles, and of what it keeps of its objects."""
        _handles.forget(self.path)
        _kept.forget(self.path)

    def read(self, name: str) -> tuple[str, bytes]:
        """Kind and content of an object. Raises NotFound."""
        if (kept := _kept.get(self.path, name)) is not None:
            return kept
        READ.inc()
        kind, data = self._read(name)
        _kept.keep(self.path, name, kind, data)
        return kind, data

    def _read(self, name: str) -> tuple[str, bytes]:
        mark = hash((self.path, name))
        if mark not in _whole:
            loose = read_loose(self.path, name)
            _note_whole(mark)
            if loose is not None:
                kind, content = loose
                assert isinstance(content, bytes), "all of it was looked at"
                return kind, content
        handle = _handles.take(self.path)
        try:
            number, data = handle.read(name)
        except (KeyError, ValueError, pygit2.GitError):
            handle.free()
            handle = _handles.open(self.path)
            try:
                number, data = handle.read(name)
            except (KeyError, ValueError, pygit2.GitError) as error:
                handle.free()
                raise NotFound(f"git object {name} {MISSING}") from error
        _handles.give_back(self.path, handle)
        return _KINDS[int(number)], data

    def has(self, name: str) -> bool:
        """Whether an object is here now."""
        try:
            self._find_size(name)
        except NotFound:
            return False
        return True

    def read_as(self, kind: str, name: str) -> bytes:
        found, data = self.read(name)
        if found != kind:
            raise NotFound(f"git object {name} is a {found}, not a {kind}")
        return data

    def commit(self, name: str) -> Commit:
        try:
            return parse_commit(self.read_as(COMMIT, name))
        except ValueError as error:
            raise NotFound(f"git object {name} cannot be read: {error}") from error

    def peel(self, name: str) -> str:
        """The commit that a ref's target, perhaps an annotated tag, leads to. Raises NotFound when there is none."""
        for _ in range(10):
            kind, data = self.read(name)
            if kind == COMMIT:
                return name
            if kind != TAG:
                break
            try:
                name = peel_tag(data)[1]
            except ValueError:
                break
        raise NotFound(f"git object {name} leads to no commit")

    def tree(self, name: str) -> list[TreeItem]:
        try:
            return parse_tree(self.read_as(TREE, name))
        except ValueError as error:
            raise NotFound(f"git object {name} cannot be read: {error}") from error

    def item_at(self, tree: str, path: str) -> TreeItem | None:
        """What a tree has at a path; the tree itself for the empty path."""
        item: TreeItem | None = TreeItem(b"", DIRECTORY, tree)
        for segment in path.encode().split(b"/") if path else ():
            if item is None or not item.is_directory:
                return None
            item = next((child for child in self.tree(item.id) if child.name == segment), None)
        return item

    def entries(self, tree: str) -> dict[str, Entry]:
        """All files below a tree, by path."""
        found: dict[str, Entry] = {}
        pending = [("", tree, 0)]
        while pending:
            prefix, name, depth = pending.pop()
            for item in self.tree(name):
                path = prefix + item.name.decode("utf-8", "surrogateescape")
                if item.is_directory:
                    pending.append((f"{path}/", item.id, depth + 1))
                else:
                    found[path] = Entry(item.mode, item.id, self._size(item))
            if len(found) > MAX_FILES or depth > MAX_DEPTH:
                raise BadRequest(f"the package has more than {MAX_FILES} files or {MAX_DEPTH} levels of directories")
        return found

    def _size(self, item: TreeItem) -> int:
        return 0 if item.mode == SUBMODULE else self.size(item.id)

    def size(self, name: str) -> int:
        """The size of an object, without reading its content if that is long."""
        if (kept := _kept.get(self.path, name)) is not None:
            return len(kept[1])
        return self._find_size(name)

    def _find_size(self, name: str) -> int:
        READ.inc()
        if hash((self.path, name)) not in _whole and (loose := read_loose(self.path, name, _SMALL_FILE)):
            kind, content = loose
            if isinstance(content, bytes):
                _kept.keep(self.path, name, kind, content)
                return len(content)
            return content
        handle = _handles.take(self.path)
        try:
            size = int(handle.odb.read_header(name)[1])
        except (KeyError, ValueError, pygit2.GitError):
            handle.free()
            return len(self.read(name)[1])
        _handles.give_back(self.path, handle)
        return size

    def blobs(self, names: Sequence[str]) -> list[bytes]:
        return list(self.each_blob(names))

    def each_blob(self, names: Sequence[str]) -> Iterator[bytes]:
        """One after the other. Big contents are read by a process: libgit2 would hold the interpreter meanwhile."""
        if sum(map(self.size, names)) > BIG:
            return each_blob(self.path, names)
        return (self.read_as(BLOB, name) for name in names)

    def ref(self, name: str) -> str | None:
        """The object that a ref points at. A broken ref counts as absent."""
        return read_ref(self.path, name)

    def refs(self) -> dict[str, str]:
        """All branches and tags. Names that are not UTF-8 have surrogates; symbolic refs are left out."""
        return all_refs(self.path)

    def descends(self, commit: str, ancestor: str) -> bool:
        """Whether `commit` is `ancestor` or follows it; False when one of them is not here. One that is a few steps
        behind the other, as an edit or a push of some makes it, is found without a process.
        """
        seen, next_ones = {commit}, [commit]
        while next_ones and len(seen) < _STEPS:
            if ancestor in next_ones:
                return True
            try:
                parents = {parent for name in next_ones for parent in self.commit(name).parents}
            except NotFound:
                return False
            next_ones = list(parents - seen)
            seen |= parents
        if not next_ones:
            return False
        try:
            run_git(["merge-base", "--is-ancestor", ancestor, commit], cwd=self.path)
        except GitFailed:
            return False
        return True

    def are_related(self, commit: str, other: str) -> bool:
        """See `Repository.are_related`. Git walks the history, in a process."""
        if self.descends(commit, other):
            return True
        try:
            return bool(run_git(["merge-base", commit, other], cwd=self.path))
        except GitTimeout as error:
            raise ServiceUnavailable(f"the histories of two commits could not be compared: {error}") from error
        except GitFailed:
            return False

    def write(self, objects: Iterable[tuple[str, str, bytes]]) -> None:
        """Stores ids, kinds and contents as loose objects. They are unreachable until a ref leads to them. Raises
        ServiceUnavailable when the disk does not take them.
        """
        try:
            for name, kind, data in objects:
                path = f"{self.path}/objects/{name[:2]}/{name[2:]}"
                content = _encoded(kind, data)
                if not _is_stored(path, content):
                    _write_whole(path, content)
                _note_whole(hash((self.path, name)))
                _kept.keep(self.path, name, kind, data)
        except OSError as error:
            raise ServiceUnavailable(f"cannot write to the server's data directory: {error.strerror}") from error


def _is_stored(path: str, content: bytes) -> bool:
    """A power cut can leave an empty or torn file where an object was about to be. One that is there is young again:
    perhaps nothing leads to it yet, and what nothing leads to is thrown away once it is old.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - half of pathlib's time, for each object of a draft
            if file.read() != content:
                return False
        os.utime(path)
        return True
    except FileNotFoundError:
        return False


def read_loose(path: str, name: str, most: int = 0) -> tuple[str, bytes | int] | None:
    """Kind and content of an object that has a file of its own. When only `most` bytes of it are looked at, the size
    of one that is longer instead of the content. None when there is no such file. Raises NotFound when it is broken.
    The first reading is not left to libgit2: from a file that was cut off it never returns.
    """
    try:
        with open(f"{path}/objects/{name[:2]}/{name[2:]}", "rb") as file:  # noqa: PTH123 - twice as fast as pathlib
            packed = file.read(most or -1)
    except FileNotFoundError:
        return None
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(packed, most)
        start = text.index(b"\0", 0, _HEADER_BYTES)
        kind, size = text[:start].decode("ascii").split(" ")
        if most and not inflate.eof:
            return kind, int(size)
        if not inflate.eof or len(text) - start - 1 != int(size):
            raise ValueError(name)
    except (zlib.error, ValueError) as error:
        raise NotFound(f"git object {name} {MISSING}: its file is broken") from error
    return kind, text[start + 1 :]


def _note_whole(mark: int) -> None:
    if len(_whole) >= _MOST_WHOLE:
        _whole.clear()
    _whole.add(mark)


def write_loose(path: str, kind: str, data: bytes) -> None:
    """Atomically, replacing what is there."""
    _write_whole(path, _encoded(kind, data))


def _encoded(kind: str, data: bytes) -> bytes:
    return zlib.compress(header(kind, len(data)) + data, 1)


def _write_whole(path: str, content: bytes) -> None:
    temporary = f"{path[:-38]}tmp_obj_{secrets.token_hex(8)}"  # git knows and ignores such names
    try:
        _create(temporary, content)
    except FileNotFoundError:
        Path(temporary).parent.mkdir(exist_ok=True)
        _create(temporary, content)
    os.rename(temporary, path)  # noqa: PTH104 - as above


def _create(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError:
        os.unlink(path)  # noqa: PTH108 - as above; a full disk should not be left fuller
        raise
    finally:
        os.close(descriptor)


def _lay_out(path: str) -> None:
    """A new bare repository, complete before it has its name."""
    fresh = Path(f"{path}.{secrets.token_hex(4)}.new")
    for folder in _FOLDERS:
        (fresh / folder).mkdir(parents=True)
    for number in range(256):  # made now, the first hundreds of drafts need not make them
        (fresh / "objects" / f"{number:02x}").mkdir()
    (fresh / "HEAD").write_text(_HEAD, "ascii")
    (fresh / "config").write_text(_CONFIG, "utf-8")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    fresh.rename(path)


def _mend(path: str) -> None:
    """After a power cut there may be a directory without what was laid out in it."""
    for folder in _FOLDERS:
        Path(path, folder).mkdir(parents=True, exist_ok=True)
    for name, wanted in (("HEAD", _HEAD), ("config", _CONFIG)):
        file = Path(path, name)
        if not file.exists() or file.read_bytes() != wanted.encode():
            file.write_text(wanted, "utf-8")

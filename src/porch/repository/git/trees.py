"""Trees of a draft: a package's files as a tree, and that tree put into the whole tree of a branch.

The commit of a draft holds everything that its branch held, with the package's directory replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from porch.errors import Conflict
from porch.repository.git.mirror import Mirror
from porch.repository.git.objects import DIRECTORY, TREE, NewObjects, TreeItem, encode_tree, parse_tree
from porch.repository.interface import Entry


@dataclass(slots=True)
class _Folder:
    files: dict[str, Entry] = field(default_factory=dict)
    folders: dict[str, _Folder] = field(default_factory=dict)


def write_package(objects: NewObjects, entries: Mapping[str, Entry]) -> str:
    """The tree of these files. They are known not to collide."""
    root = _Folder()
    for path, entry in entries.items():
        *parents, name = path.split("/")
        folder = root
        for parent in parents:
            folder = folder.folders.setdefault(parent, _Folder())
        folder.files[name] = entry
    return _write_folder(objects, root)


def _write_folder(objects: NewObjects, folder: _Folder) -> str:
    items = [TreeItem(_name(name), entry.mode, entry.blob) for name, entry in folder.files.items()]
    for name, child in folder.folders.items():
        items.append(TreeItem(_name(name), DIRECTORY, _write_folder(objects, child)))
    return objects.add(TREE, encode_tree(items))


def _name(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def replace_directory(mirror: Mirror, objects: NewObjects, root: str, path: str, tree: str) -> str:
    """The root tree with `tree` at `path`. An empty `root` is no tree. Raises Conflict where a file is in the way."""
    chain = []
    current = root
    segments = path.split("/")
    for index, segment in enumerate(segments):
        items = {item.name: item for item in _read(mirror, objects, current)}
        chain.append(items)
        below = items.get(segment.encode())
        if below is not None and not below.is_directory:
            blocked = "/".join(segments[: index + 1])
            raise Conflict(f'path "{blocked}" is {below.mode:07o}, not a directory in tree {current}')
        current = below.id if below else ""
    for segment, items in zip(reversed(segments), reversed(chain), strict=True):
        items[segment.encode()] = TreeItem(segment.encode(), DIRECTORY, tree)
        tree = objects.add(TREE, encode_tree(items.values()))
    return tree


def remove_directory(mirror: Mirror, objects: NewObjects, root: str, path: str) -> str:
    """The root tree without the directory at `path`, nor those above that would be empty; the same tree when there is
    no such directory.
    """
    segments = path.encode().split(b"/")
    chain: list[dict[bytes, TreeItem]] = []
    current = root
    for segment in segments:
        items = {item.name: item for item in _read(mirror, objects, current)}
        below = items.get(segment)
        if below is None or not below.is_directory:
            return root
        chain.append(items)
        current = below.id
    tree = ""
    for segment, items in zip(reversed(segments), reversed(chain), strict=True):
        if tree:
            items[segment] = TreeItem(segment, DIRECTORY, tree)
        else:
            del items[segment]
        tree = objects.add(TREE, encode_tree(items.values())) if items else ""
    return tree or objects.add(TREE, b"")


def _read(mirror: Mirror, objects: NewObjects, tree: str) -> list[TreeItem]:
    if not tree:
        return []
    made = objects.get(tree)
    return parse_tree(made[1]) if made else mirror.tree(tree)

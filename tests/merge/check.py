"""What must hold of every merge, whatever was merged: each violation is a sentence.

No silent loss: a leaf or comment that one side changed is in the result, or a conflict names it or what holds it; what
no side changed is as it was. Equal sides change nothing, byte for byte. The order of files and documents decides
nothing but the order of documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import yaml

from porch.merge import Conflict, MergeConflicts, MergeResult, OnConflict, merge
from tests.merge.generate import File, Package, resource_name
from tests.merge.model import KEYED, Item, Tree, from_value, join, label, leaves, walk

_MARKS = "metadata.annotations[internal.kpt.dev/upstream-identifier]"
_LOCAL = {"metadata.name", "apiVersion", "kind"}
Bytes = dict[str, bytes]


def violations(original: Package, local: Package, upstream: Package, random: Random) -> Iterator[str]:
    o, l, u = (_bytes(side) for side in (original, local, upstream))  # noqa: E741 - the usual names
    choices: tuple[OnConflict, ...] = ("ours", "theirs")
    for choice in choices:
        result = merge(o, l, u, on_conflict=choice)
        for problem in _silent_losses(original, local, upstream, result):
            yield f"{choice}: {problem}"
    yield from _identities(o, l, u)
    yield from _order(original, local, upstream, random)
    yield from _failing(o, l, u)


def _bytes(side: Package) -> Bytes:
    return {path: file.data for path, file in side.items()}


# --- no silent loss


def _silent_losses(original: Package, local: Package, upstream: Package, result: MergeResult) -> Iterator[str]:
    for path in sorted({*original, *local, *upstream}):
        conflicts = [item for item in result.conflicts if item.file == path or path.startswith(f"{item.file}/")]
        files = [side.get(path) for side in (original, local, upstream)]
        if any(file is not None and not file.documents for file in files):
            yield from _opaque(path, files, result.files.get(path), conflicts)
        else:
            yield from _documents(path, files, result.files.get(path), conflicts)
    yield from _whereabouts((original, local, upstream), result)


def _opaque(path: str, files: list[File | None], result: bytes | None, conflicts: list[Conflict]) -> Iterator[str]:
    before, ours, theirs = (file.data if file else None for file in files)
    if conflicts:
        return
    for name, side in (("local", ours), ("upstream", theirs)):
        if side not in (before, result):
            yield f"{path}: the {name} content is lost"
    if before == ours == theirs and result != before:
        yield f"{path}: nobody changed it"


def _documents(path: str, files: list[File | None], result: bytes | None, conflicts: list[Conflict]) -> Iterator[str]:
    sides = [{resource_name(tree): tree for tree in file.documents} if file else {} for file in files]
    read: list[Any] = list(yaml.load_all(result, Loader=yaml.CSafeLoader)) if result else []
    after = {resource_name(tree): tree for tree in map(from_value, read)}
    text = result.decode() if result else ""
    for name in {**sides[0], **sides[1], **sides[2], **after}:
        here = [item for item in conflicts if item.resource in ("", name) or path.endswith("Kptfile")]
        trees = [side.get(name) for side in sides]
        for problem in (*_leaves(path, trees, after.get(name), here), *_comments(path, trees, text, here)):
            yield f"{path} {name}: {problem}"


def _leaves(path: str, trees: list[Tree | None], result: Tree | None, conflicts: list[Conflict]) -> Iterator[str]:
    before, ours, theirs = (dict(leaves(tree)) if tree else {} for tree in trees)
    after = dict(leaves(result)) if result else {}
    for place in {**before, **ours, **theirs, **after}:
        old, mine, new, now = (side.get(place) for side in (before, ours, theirs, after))
        if _covered(place, conflicts) or (place == _MARKS and now in {mine, None}) or now == mine == new:
            continue
        if path.endswith("Kptfile") and place in _LOCAL:
            if now not in {mine, None} and mine is not None:
                yield f"{place} belongs to the local package"
        elif mine != old and new not in {old, mine}:
            if not _emptied(place, (mine, new, now), after):
                yield f"{place} was changed on both sides and no conflict names it"
        elif now != (mine if mine != old else new) and not _emptied(place, (mine, new, now), after):
            yield f"{place} is {now}; it was {old}, local {mine}, upstream {new}"


def _emptied(place: str, values: tuple[str | None, ...], after: dict[str, str]) -> bool:
    """A collection that lost all items is a leaf, one that got the first one is none any more."""
    empty = any(value in {"{}", "[]"} for value in values)
    return empty and (values[2] is None or values[2] in {"{}", "[]"} or any(_within(key, place) for key in after))


def _covered(place: str, conflicts: list[Conflict]) -> bool:
    return any(not item.field or _within(place, item.field) for item in conflicts)


def _within(place: str, field: str) -> bool:
    return place == field or (place.startswith(field) and place[len(field)] in ".[")


# --- comments


def _comments(path: str, trees: list[Tree | None], text: str, conflicts: list[Conflict]) -> Iterator[str]:
    before, ours, theirs = (_commented(tree) for tree in trees)
    there = [{place for place, _, _ in walk(tree)} if tree else set() for tree in trees]
    whole = [item for item in conflicts if not item.field]
    for place in {**before, **ours, **theirs}:
        if whole or _covered_comment(place, conflicts):
            continue
        for kind in (0, 1):
            old, mine, new = (side.get(place, ("", ""))[kind] for side in (before, ours, theirs))
            if mine != old and mine and mine not in text:
                yield f"the local comment {mine} at {place} is lost"
            if new != old and new and new not in text and _is_there(place, there[1], there[0]):
                yield f"upstream's comment {new} at {place} is lost"
            if old and old == mine == new and old not in text:
                yield f"the comment {old} at {place} is lost"


def _whereabouts(sides: tuple[Package, Package, Package], result: MergeResult) -> Iterator[str]:
    """Each comment is written once, so it can be followed to wherever a side has moved it."""
    before, ours, theirs = (dict(_all_comments(side)) for side in sides)
    text = b"\n".join(result.files.values()).decode("utf-8", "replace") + "\n"
    for comment in {**before, **ours, **theirs}:
        old, mine, new = (side.get(comment) for side in (before, ours, theirs))
        now = f"{comment}\n" in text.replace("\r\n", "\n")
        if any(place and _is_told(place, result.conflicts) for place in (old, mine, new)):
            continue
        if bool(mine) != bool(new) and old and (mine or new) != old:
            yield f"the comment {comment} was moved from {old} to {mine or new} and removed, and nobody is told"
        elif now != bool(mine and new if old else mine or new):
            if now and mine == old and _was_kept(mine, sides[2], result):
                continue
            what = "there" if now else "lost"
            yield f"the comment {comment} is {what}: it was at {old}, local {mine}, upstream {new}"


_Whereabouts = tuple[str, str, str]
"""File, resource and field."""


def _was_kept(place: _Whereabouts | None, upstream: Package, result: MergeResult) -> bool:
    """Upstream deleted a mapping, which is there for what was added to it locally: with its comment."""
    if place is None:
        return False
    path, resource, field = place
    read = yaml.load_all(result.files.get(path, b""), Loader=yaml.CSafeLoader)
    there = upstream[path].documents if path in upstream else []
    left, kept = (
        [tree for tree in trees if resource_name(tree) == resource] for trees in (there, map(from_value, read))
    )
    return _has(kept, field) and not _has(left, field)


def _has(documents: list[Tree], field: str) -> bool:
    return any(place == field for document in documents for place, _, _ in walk(document))


def _all_comments(side: Package) -> Iterator[tuple[str, _Whereabouts]]:
    for path, file in side.items():
        for document in file.documents:
            for place, item in _with_places(document):
                for comment in (item.above, item.beside):
                    if comment and "kpt-merge" not in comment:
                        yield comment, (path, resource_name(document), place)


def _with_places(tree: Tree, path: str = "", name: str = "") -> Iterator[tuple[str, Item]]:
    """Also what is in a list that is one value; that is its place."""
    for item in tree.items:
        inner = ""
        if tree.kind == "map":
            below, inner = (join(path, item.key), item.key) if name != "*" else (path, "*")
        elif name in KEYED:
            below = path + label(item.tree, name)
        else:
            below, inner = path, "*"
        yield below, item
        yield from _with_places(item.tree, below, inner)


def _is_told(place: _Whereabouts, conflicts: tuple[Conflict, ...]) -> bool:
    path, resource, field = place
    return any(
        (item.file == path or path.startswith(f"{item.file}/"))
        and (item.resource in ("", resource) or path.endswith("Kptfile"))
        and (not item.field.removesuffix("#comment") or _within(field, item.field.removesuffix("#comment")))
        for item in conflicts
    )


def _commented(tree: Tree | None) -> dict[str, tuple[str, str]]:
    return {
        place: (item.above, "" if "kpt-merge" in item.beside else item.beside)
        for place, _, item in (walk(tree) if tree else ())
        if item.above or item.beside
    }


def _is_there(place: str, local: set[str], original: set[str]) -> bool:
    """Whether the local side did not delete the place, or what holds it."""
    deleted = original - local
    return place not in deleted and not any(_within(place, gone) for gone in deleted)


def _covered_comment(place: str, conflicts: list[Conflict]) -> bool:
    return any(_within(place, item.field.removesuffix("#comment")) for item in conflicts)


# --- equal sides, order, failing


def _identities(original: Bytes, local: Bytes, upstream: Bytes) -> Iterator[str]:
    for name, sides, wanted in (
        ("o, o, o", (original, original, original), original),
        ("o, l, o", (original, local, original), local),
        ("o, l, l", (original, local, local), local),
    ):
        result = merge(*sides)
        if result.files != wanted or result.conflicts:
            yield f"merge({name}) is not the local side byte for byte"
    result = merge(original, original, upstream)
    # A Kptfile keeps the local name and layout, so it is compared by the search for losses.
    if _without_kptfiles(result.files) != _without_kptfiles(upstream) or result.conflicts:
        yield "merge(o, o, u) is not the upstream side"


def _without_kptfiles(files: Bytes) -> Bytes:
    return {path: data for path, data in files.items() if not path.endswith("Kptfile")}


def _order(original: Package, local: Package, upstream: Package, random: Random) -> Iterator[str]:
    expected = merge(*(_bytes(side) for side in (original, local, upstream)))
    shuffled = [dict(random.sample(list(_bytes(side).items()), len(side))) for side in (original, local, upstream)]
    if merge(*shuffled) != expected:
        yield "the order of files matters"
    mixed = [_mixed(side, random) for side in (original, local, upstream)]
    result = merge(*(_bytes(side) for side in mixed))
    if any("order of the documents" in item.reason for item in (*result.conflicts, *expected.conflicts)):
        return
    if _sorted(result.files) != _sorted(expected.files):
        yield "the order of documents matters"


def _mixed(side: Package, random: Random) -> Package:
    return {
        path: File(random.sample(file.documents, len(file.documents)), file.opaque, file.wide, file.windows)
        for path, file in side.items()
    }


def _sorted(files: Bytes) -> dict[str, list[str]]:
    return {
        path: sorted(part.strip() for part in data.decode().replace("\r\n", "\n").removeprefix("---\n").split("---\n"))
        for path, data in files.items()
    }


def _failing(original: Bytes, local: Bytes, upstream: Bytes) -> Iterator[str]:
    known = merge(original, local, upstream).conflicts
    try:
        merge(original, local, upstream, on_conflict="fail")
    except MergeConflicts:
        if not known:
            yield "it fails without a conflict"
    else:
        if known:
            yield "it does not fail on a conflict"

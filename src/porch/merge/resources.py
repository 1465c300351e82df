"""resource-merge: each file of each package with its namesakes, by resource and field where it holds resources."""

from __future__ import annotations

from porch.merge.files import differs, merge_file
from porch.merge.interface import Files, Sides
from porch.merge.moved import removed_from
from porch.merge.packages import Package, find_packages
from porch.merge.report import Report, of_file


def merge_resources(sides: Sides[Files], report: Report) -> dict[str, bytes]:
    result: dict[str, bytes] = {}
    removed = removed_from(sides)
    for package in find_packages(sides):
        ours = sides.each(package.files_of)
        if package.remote:
            result |= _remote(package, ours, report)
        elif package.directory and ours.original and not (ours.local and ours.upstream):
            result |= _deleted(package, ours, report)
        else:
            for path in package.paths:
                here = ours.each(lambda side, name=path: side.get(name))  # type: ignore[misc]
                content = merge_file(path, here, report, removed)
                if content is not None:
                    result[path] = content
    return _without_clashes(result, sides.local, report)


def _remote(package: Package, sides: Sides[dict[str, bytes]], report: Report) -> dict[str, bytes]:
    """It stays what it is."""
    if sides.upstream in (sides.local, sides.original):
        return sides.local
    return _taken(package, sides, "the sub-package has an upstream of its own; upgrade it from there", report)


def _deleted(package: Package, sides: Sides[dict[str, bytes]], report: Report) -> dict[str, bytes]:
    """A sub-package that one side deleted; it goes unless the other side changed it."""
    kept = sides.local or sides.upstream
    if not kept or not _differ(sides.original, kept):
        return {}
    reason = "changed locally, deleted upstream" if sides.local else "deleted locally, changed upstream"
    return _taken(package, sides, f"sub-package {reason}", report)


def _taken(package: Package, sides: Sides[dict[str, bytes]], reason: str, report: Report) -> dict[str, bytes]:
    values: Sides[str | None] = sides.each(lambda files: f"{len(files)} files" if files else None)
    choice = report.add((package.directory, "", ""), values, reason)
    return sides.local if choice == "ours" else sides.upstream


def _differ(one: Files, other: Files) -> bool:
    return one.keys() != other.keys() or any(differs(path, one[path], other[path]) for path in one)


def _without_clashes(result: dict[str, bytes], local: Files, report: Report) -> dict[str, bytes]:
    """One side may have made a directory where the other has a file; both cannot be."""
    for path in sorted(result):
        above = path
        while (above := above.rpartition("/")[0]) and path in result:
            if above not in result:
                continue
            ours, theirs = (above, path) if above in local else (path, above)
            reason = f"'{above}' is a file on one side and a directory on the other"
            values = Sides(None, of_file(local.get(theirs)), of_file(result[theirs]))
            choice = report.add((theirs, "", ""), values, reason)
            del result[theirs if choice == "ours" else ours]
    return result

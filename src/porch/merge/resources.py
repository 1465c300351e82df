"""resource-merge: each file of each package with its namesakes, by resource and field where it holds resources."""

from __future__ import annotations

from porch.krm import kptfile
from porch.merge.files import differs, merge_file, merge_kptfile
from porch.merge.interface import Files
from porch.merge.packages import Package, find_packages
from porch.merge.report import Report


def merge_resources(original: Files, local: Files, upstream: Files, report: Report) -> dict[str, bytes]:
    result: dict[str, bytes] = {}
    for package in find_packages(original, local, upstream):
        sides = package.files_of(original), package.files_of(local), package.files_of(upstream)
        whole = _whole(package, *sides, report)
        result |= whole if whole is not None else _merged(package, *sides, report)
    return _without_clashes(result, local, report)


def _merged(
    package: Package, original: Files, local: Files, upstream: Files, report: Report
) -> dict[str, bytes]:
    result = {}
    for path in package.paths:
        is_kptfile = path == _kptfile(package)
        merge = merge_kptfile if is_kptfile else merge_file
        content = merge(path, original.get(path), local.get(path), upstream.get(path), report)
        if content is not None:
            result[path] = content
    return result


def _whole(
    package: Package, original: Files, local: Files, upstream: Files, report: Report
) -> dict[str, bytes] | None:
    """The files of a sub-package that is taken whole from one side; None when it is merged file by file."""
    if not package.directory:
        return None
    sides = dict(original), dict(local), dict(upstream)
    before, ours, theirs = sides
    if package.remote:
        if theirs in (ours, before):
            return ours
        return _taken(package, *sides, "the sub-package has an upstream of its own; upgrade it from there", report)
    if not before or (ours and theirs):
        return None
    if not ours:
        if not theirs or not _differ(before, theirs):
            return {}
        return _taken(package, *sides, "sub-package deleted locally, changed upstream", report)
    if not _differ(before, ours):
        return {}
    return _taken(package, *sides, "sub-package changed locally, deleted upstream", report)


def _taken(  # noqa: PLR0917 - the three sides of a package
    package: Package,
    original: dict[str, bytes],
    local: dict[str, bytes],
    upstream: dict[str, bytes],
    reason: str,
    report: Report,
) -> dict[str, bytes]:
    values = (f"{len(side)} files" if side else None for side in (original, local, upstream))
    choice = report.add((package.directory, "", ""), *values, reason)
    return local if choice == "ours" else upstream


def _differ(one: Files, other: Files) -> bool:
    return one.keys() != other.keys() or any(differs(path, one[path], other[path]) for path in one)


def _kptfile(package: Package) -> str:
    return f"{package.directory}/{kptfile.NAME}" if package.directory else kptfile.NAME


def _without_clashes(result: dict[str, bytes], local: Files, report: Report) -> dict[str, bytes]:
    """One side may have made a directory where the other has a file; both cannot be."""
    for path in sorted(result):
        above = path
        while above := above.rpartition("/")[0]:
            if above not in result or path not in result:
                continue
            ours, theirs = (above, path) if above in local else (path, above)
            reason = f"'{above}' is a file on one side and a directory on the other"
            choice = report.add((theirs, "", ""), None, None, f"{len(result[theirs])} bytes", reason)
            del result[theirs if choice == "ours" else ours]
    return result

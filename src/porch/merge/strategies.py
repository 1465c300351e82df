"""The four strategies of an upgrade, by the names that users give them.

resource-merge merges; the others take upstream's files and say what local work that drops. The root Kptfile is merged
by all of them, so that the package keeps its name and what it was given.
"""

from __future__ import annotations

from porch.errors import Details, forbidden
from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.krm.kptfile import Kptfile
from porch.merge.files import differs, merge_kptfile
from porch.merge.interface import Files, LocalChanges, MergeResult, OnConflict, Sides, Strategy
from porch.merge.lost import report_lost
from porch.merge.packages import find_packages
from porch.merge.report import Report
from porch.merge.resources import merge_resources


def merge(
    original: Files,
    local: Files,
    upstream: Files,
    *,
    strategy: Strategy = "resource-merge",
    on_conflict: OnConflict = "ours",
) -> MergeResult:
    """The local package with the changes from original to upstream.

    With the strategies that replace files, `on_conflict` decides only in the root Kptfile and whether to fail: losing
    local work is what they are asked for. Raises LocalChanges (fast-forward of a changed package) and MergeConflicts.
    """
    report = Report(on_conflict)
    sides: Sides[Files] = Sides(original, local, upstream)
    match strategy:
        case "resource-merge":
            files = merge_resources(sides, report)
        case "fast-forward":
            _check_unchanged(original, local)
            files = _without_verdict(_replaced(sides, report))
        case "force-delete-replace":
            files = _replaced(sides, report)
            report_lost(sides, files, report)
        case "copy-merge":
            files = _copied(sides, report)
            report_lost(sides, files, report)
    return MergeResult(dict(sorted(files.items())), report.finish())


def _replaced(sides: Sides[Files], report: Report) -> dict[str, bytes]:
    """Upstream's files; sub-packages with an upstream of their own stay local."""
    result: dict[str, bytes] = {}
    for package in find_packages(sides):
        result |= package.files_of(sides.local if package.remote else sides.upstream)
    return _with_kptfile(result, sides, report)


def _copied(sides: Sides[Files], report: Report) -> dict[str, bytes]:
    """Upstream's files over the local ones; what upstream deleted goes, what only local has stays."""
    deleted = sides.original.keys() - sides.upstream.keys()
    result = {path: data for path, data in {**sides.local, **sides.upstream}.items() if path not in deleted}
    return _with_kptfile(result, sides, report)


def _with_kptfile(result: dict[str, bytes], sides: Sides[Files], report: Report) -> dict[str, bytes]:
    merged = merge_kptfile(kptfile.NAME, sides.each(lambda side: side.get(kptfile.NAME)), report)
    result.pop(kptfile.NAME, None)
    return {**result, kptfile.NAME: merged} if merged is not None else result


def _check_unchanged(original: Files, local: Files) -> None:
    nothing: Files = {}
    remote = {path for item in find_packages(Sides(original, local, nothing)) if item.remote for path in item.paths}
    changed = sorted(path for path in {*original, *local} - remote if _changed(path, original, local))
    if changed:
        causes = tuple(forbidden(f"spec.resources[{path}]", "was modified locally") for path in changed)
        text = f"local package files have been modified: [{' '.join(changed)}].\n  use a different update --strategy."
        raise LocalChanges(text, details=Details(causes=causes))


def _changed(path: str, original: Files, local: Files) -> bool:
    before, ours = original.get(path), local.get(path)
    if path == kptfile.NAME and before is not None and ours is not None:
        return differs(path, _comparable(before), _comparable(ours))
    return differs(path, before, ours)


def _comparable(data: bytes) -> bytes:
    """The root Kptfile without what every clone has for itself: name, upstream and the verdict of a render."""
    try:
        return Kptfile.parse(data).without_origin().data
    except YamlError:
        return data


def _without_verdict(files: dict[str, bytes]) -> dict[str, bytes]:
    """The last render was one of the old content."""
    try:
        root = Kptfile.parse(files[kptfile.NAME])
    except (KeyError, YamlError):
        return files
    return {**files, kptfile.NAME: root.without_rendered().data}

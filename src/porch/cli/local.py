"""A package in a local directory for `porch render` and `porch fn run`: read, compare, write; and what is printed.

Links are not followed, and `.git` is not looked into. Progress and results go to standard error in kpt's words, a diff
goes to standard output.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from porch.errors import BadRequest
from porch.krm import kptfile
from porch.krm.kptfile import Kptfile
from porch.render import Progress, Rendered, Step

DIFFERS = 2
"""Exit code of --exit-code when something would change."""
_FAILED = 1
_READ_SUFFIXES = (".yaml", ".yml", ".json")
_READ_NAMES = {"Kptfile", ".krmignore"}


def read_directory(directory: Path) -> dict[str, bytes]:
    """All files. Those that a render does not read are there without their content."""
    if not directory.is_dir():
        raise BadRequest(f"{directory} is no directory")
    try:
        return {path.relative_to(directory).as_posix(): _content(path) for path in _files(directory)}
    except OSError as error:
        raise BadRequest(f"cannot read {error.filename}: {error.strerror}") from error


def _files(directory: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if name != ".git"]
        yield from (path for name in names if not (path := Path(folder, name)).is_symlink() and path.is_file())


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.name in _READ_NAMES or path.suffix in _READ_SUFFIXES else b""


def finish(
    directory: Path, before: Mapping[str, bytes], rendered: Rendered, *, dry_run: bool, exit_code: bool, diff: bool
) -> None:
    """Tells what was done, writes it or shows it, and ends the process with the exit code."""
    report(rendered)
    changed = sorted(path for path in {*before, *rendered.files} if before.get(path) != rendered.files.get(path))
    if rendered.problems:
        sys.exit(_FAILED)
    if diff or dry_run:
        for path in changed:
            click.echo("".join(_diff(path, before.get(path), rendered.files.get(path))), nl=False)
    if not dry_run:
        _write(directory, {path: rendered.files.get(path) for path in changed})
    if exit_code and any(path != kptfile.NAME or _is_other_package(before, rendered.files) for path in changed):
        sys.exit(DIFFERS)


def _is_other_package(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> bool:
    """Whether the root Kptfile was changed, or the package had not been rendered. What functions say about a package
    that is rendered already does not count.
    """
    if kptfile.NAME not in before or kptfile.NAME not in after:
        return True
    old, new = (Kptfile.parse(files[kptfile.NAME]) for files in (before, after))
    verdicts = [item.status for item in old.summary.conditions if item.type == kptfile.RENDERED]
    return verdicts != ["True"] or old.without_rendered().data != new.without_rendered().data


def _diff(path: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    old, new = (data.decode("utf-8", "replace").splitlines(keepends=True) if data else [] for data in (before, after))
    names = ("/dev/null" if before is None else f"a/{path}", "/dev/null" if after is None else f"b/{path}")
    for line in difflib.unified_diff(old, new, *names):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _write(directory: Path, files: Mapping[str, bytes | None]) -> None:
    try:
        for path, data in files.items():
            target = directory / path
            if data is None:
                _delete(directory, target)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)  # in place, so that its mode and its owner stay
    except OSError as error:
        raise BadRequest(f"cannot write {error.filename}: {error.strerror}") from error


def _delete(directory: Path, target: Path) -> None:
    """With the directories that it leaves empty."""
    target.unlink()
    for folder in target.parents:
        if folder == directory or any(folder.iterdir()):
            return
        folder.rmdir()


# --- what people read


def tell_progress(progress: Progress) -> None:
    if progress.image:
        click.echo(f'[RUNNING] "{progress.image}" ({progress.done + 1} of {progress.total})', err=True)


def report(rendered: Rendered) -> None:
    for step in rendered.steps:
        for line in _told(step):
            click.echo(line, err=True)
    for problem in rendered.problems:
        click.echo(f"Error: {problem}", err=True)
    if not rendered.problems and rendered.steps:
        packages = len({step.package for step in rendered.steps})
        click.echo(f"Successfully executed {_count(rendered.steps)} in {packages} package(s).", err=True)


def _count(steps: Sequence[Step]) -> str:
    return f"{len(steps)} function(s)"


def _told(step: Step) -> Iterator[str]:
    where = f" in package {step.package}" if step.package else ""
    yield f'[{"FAIL" if step.failed else "PASS"}] "{step.image or step.exec}"{where} in {step.duration:.1f}s'
    if step.results:
        yield "  Results:"
        yield from (f"    {line}" for result in step.results for line in str(result).splitlines())
    if step.stderr.strip():
        yield "  Stderr:"
        yield from (f"    {line}" for line in step.stderr.strip().splitlines())

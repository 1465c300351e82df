"""Three versions of one file in, one out."""

from __future__ import annotations

from porch.merge import Conflict, OnConflict, merge

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n"
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n"
WIDGET = "apiVersion: example.test/v1\nkind: Widget\nmetadata:\n  name: w\n"
KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: app\n"


def merged(
    original: str, local: str, upstream: str, *, name: str = "a.yaml", on_conflict: OnConflict = "ours"
) -> tuple[str, tuple[Conflict, ...]]:
    sides = [{name: text.encode()} for text in (original, local, upstream)]
    result = merge(*sides, on_conflict=on_conflict)
    return result.files[name].decode(), result.conflicts


def quiet(original: str, local: str, upstream: str, *, name: str = "a.yaml") -> str:
    """The result of a merge without conflicts."""
    text, conflicts = merged(original, local, upstream, name=name)
    assert not conflicts
    return text

"""Packages whose objects have the same names: `a.b` and `a/b` are both called `team.a.b`.

The API makes no package with a dot in its path, but whoever works with git may. Of two revisions with one name only one
can be shown (see shadows), so the Repository says which packages these are. Looking for them takes a reading of the
whole Repository, which is done only where a path or workspace has a dot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from porch.cache.facts import RepositoryFacts
from porch.cache.registration import Registration
from porch.cache.rows import Indexer
from porch.keys import PackageKey
from porch.repository import Discovered
from porch.store import RevisionRow, Store

_TOLD = 3


def are_possible(store: Store, facts: RepositoryFacts, registration: Registration, found: Iterable[Discovered]) -> bool:
    """Whether the index, or what was found now, has a dot in a path or workspace."""
    if registration.dotted is None:
        with store.read() as reads:
            registration.dotted = _have_dots(reads.revisions.of_repository(facts.key))
    registration.dotted = registration.dotted or _have_dots(found)
    return registration.dotted


def _have_dots(revisions: Iterable[Discovered | RevisionRow]) -> bool:
    return any("." in one.path or "." in one.workspace for one in revisions)


def told(store: Store, indexer: Indexer, revisions: Sequence[Discovered]) -> str:
    """What to say of a Repository that has these `revisions`, all that there are; empty when there is no clash."""
    paths: dict[str, set[str]] = {}
    for found in revisions:
        paths.setdefault(PackageKey(indexer.facts.key, found.path).name, set()).add(found.path)
    lines = [
        f"packages {_list(clashing)} are both called {name}" for name, clashing in paths.items() if len(clashing) > 1
    ]
    with store.read() as reads:
        for found in revisions:
            name = indexer.name(found.path, found.workspace)
            row = reads.revisions.get(indexer.facts.key.namespace, name)
            if row is not None and (row.path, row.workspace) != (found.path, found.workspace):
                lines.append(f'{name} is the revision of "{row.path}", so that of "{found.path}" is not shown')
    unique = sorted(set(lines), key=lambda line: (not line.startswith("packages"), line))
    rest = f"; and {len(unique) - _TOLD} more" if len(unique) > _TOLD else ""
    return "; ".join(unique[:_TOLD]) + rest + ("; rename one of them in git" if unique else "")


def _list(paths: Iterable[str]) -> str:
    return " and ".join(f'"{path}"' for path in sorted(paths))

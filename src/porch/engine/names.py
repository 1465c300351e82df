"""Two spellings of a package revision's name, one object: the name that the index knows for what a client used."""

from __future__ import annotations

from porch.engine.engine import Engine, object_key
from porch.errors import Conflict
from porch.keys import PACKAGE_REVISIONS


def resolve(engine: Engine, namespace: str, name: str) -> str:
    """`name` itself when nothing has it. Raises Conflict with all candidates: for the eyes of those who may list."""
    with engine.store.read() as reads:
        if reads.versions.get(object_key(namespace, name)) is not None:
            return name
        found = reads.versions.named(str(PACKAGE_REVISIONS), namespace, name)
    if len(found) > 1:
        candidates = ", ".join(sorted(item.key.name for item in found))
        why = f"the name is ambiguous, it is another spelling of {candidates}; use one of these"
        raise Conflict.of(PACKAGE_REVISIONS.group, PACKAGE_REVISIONS.resource, name, why)
    return found[0].key.name if found else name

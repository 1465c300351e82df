"""Step 8 of the request flow: whatever fails after the draft was made, nothing of it stays.

A draft is memory and unreachable objects until its refs move, and the intent settles refs that did. So rolling back is
forgetting the draft; the log says which one and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from porch.errors import PorchError
from porch.observe import step

_log = structlog.get_logger("porch.engine")


@contextmanager
def rollback(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        with step("engine.rollback"):
            reason = error.message if isinstance(error, PorchError) else type(error).__name__
            _log.warning("draft rolled back", package_revision=name, reason=reason)
        raise

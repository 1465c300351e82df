"""The log: one JSON object a line, on standard error or in a file."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TextIO

import structlog

from porch.errors import BadRequest

LEVELS = ("debug", "info", "warning", "error")


_stream: TextIO = sys.stderr


def problem() -> str:
    """Why nothing more can be written to the log; empty while all is well."""
    try:
        _stream.flush()
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def configure(level: str, file: str = "") -> None:
    """Raises BadRequest for an unknown level or a file that cannot be opened."""
    if level not in LEVELS:
        raise BadRequest(f"setting log-level: {level!r} is none of {', '.join(LEVELS)}")
    global _stream  # noqa: PLW0603 - structlog's configuration is the process's, and so is this
    _stream = _open(file)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=_stream),
        cache_logger_on_first_use=True,
    )


def _open(file: str) -> TextIO:
    if not file:
        return sys.stderr
    try:
        return Path(file).expanduser().open("a", buffering=1, encoding="utf-8")
    except OSError as error:
        raise BadRequest(f"setting log-file: cannot write {file}: {error.strerror}") from error

"""Why a task cannot be done."""

from __future__ import annotations


class TaskFailed(Exception):
    """The package that the task starts from is not as it must be. Never leaves this room."""

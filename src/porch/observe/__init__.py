"""Logs, metrics, traces. Imports nothing of ours."""

from porch.observe.steps import Record, current, step

__all__ = ["Record", "current", "step"]

"""Tasks: init, and later clone, copy and upgrade."""

from porch.task.handler import Tasks
from porch.task.interface import PackageConfig, TaskHandler

__all__ = ["PackageConfig", "TaskHandler", "Tasks"]

"""Tasks: init, clone, copy (edit) and upgrade."""

from porch.task.handler import Tasks, failed, refused
from porch.task.interface import Applied, PackageConfig, Source, TaskHandler, is_read
from porch.task.upgrade import line

__all__ = ["Applied", "PackageConfig", "Source", "TaskHandler", "Tasks", "failed", "is_read", "line", "refused"]

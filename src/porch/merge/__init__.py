"""Three-way merge of packages: original, local and upstream in, one package and the conflicts out. Values only."""

from porch.merge.interface import (
    Choice,
    Conflict,
    Files,
    LocalChanges,
    MergeConflicts,
    MergeResult,
    OnConflict,
    Strategy,
)
from porch.merge.strategies import merge

__all__ = [
    "Choice",
    "Conflict",
    "Files",
    "LocalChanges",
    "MergeConflicts",
    "MergeResult",
    "OnConflict",
    "Strategy",
    "merge",
]

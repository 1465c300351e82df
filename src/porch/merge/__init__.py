"""Three-way merge of packages: original, local and upstream in, one package and the conflicts out. Values only."""

from porch.merge.interface import Conflict, Files, LocalChanges, MergeConflicts, MergeResult, OnConflict, Strategy
from porch.merge.strategies import merge

__all__ = ["Conflict", "Files", "LocalChanges", "MergeConflicts", "MergeResult", "OnConflict", "Strategy", "merge"]

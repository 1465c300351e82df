"""The engine: one use case a file, and the storages that put them behind the verbs of the API."""

from porch.engine.engine import Engine
from porch.engine.events import WatcherManager
from porch.engine.following import FollowedResources
from porch.engine.packagerevisionresources import PackageRevisionResourcesStorage
from porch.engine.packagerevisions import PackageRevisions
from porch.engine.packages import Packages

__all__ = [
    "Engine",
    "FollowedResources",
    "PackageRevisionResourcesStorage",
    "PackageRevisions",
    "Packages",
    "WatcherManager",
]

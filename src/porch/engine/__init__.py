"""The engine: one use case a file, and the storages that put them behind the verbs of the API."""

from porch.engine.engine import Engine
from porch.engine.events import WatcherManager
from porch.engine.following import FollowedResources
from porch.engine.functionconfigs import ConfiguredFunctions
from porch.engine.operations import Operations
from porch.engine.packagerevisionresources import PackageRevisionResourcesStorage
from porch.engine.packagerevisions import PackageRevisions
from porch.engine.packages import Packages
from porch.engine.rendering import Pools, Renderer
from porch.engine.verdicts import Verdicts

__all__ = [
    "ConfiguredFunctions",
    "Engine",
    "FollowedResources",
    "Operations",
    "PackageRevisionResourcesStorage",
    "PackageRevisions",
    "Packages",
    "Pools",
    "Renderer",
    "Verdicts",
    "WatcherManager",
]

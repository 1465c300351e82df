"""Opened repositories, the index of package revisions, and how both stay in step with git."""

from porch.cache.cache import SYSTEM, Cache, Opener
from porch.cache.conditions import Told, drop_condition, put_condition
from porch.cache.contents import is_hidden
from porch.cache.facts import RepositoryFacts
from porch.cache.holds import CONFIRM_ANNOTATION, Hold
from porch.cache.intents import Outcome
from porch.cache.lanes import Lanes
from porch.cache.metadata import UserMetadata
from porch.cache.repository import CachedRepository
from porch.cache.sync import SyncResult
from porch.cache.upstreams import Upstreams

__all__ = [
    "CONFIRM_ANNOTATION",
    "SYSTEM",
    "Cache",
    "CachedRepository",
    "Hold",
    "Lanes",
    "Opener",
    "Outcome",
    "RepositoryFacts",
    "SyncResult",
    "Told",
    "Upstreams",
    "UserMetadata",
    "drop_condition",
    "is_hidden",
    "put_condition",
]

"""Serves the hosted repositories to git users. The door: GitServer and what it is given."""

from porch.gitserver.interface import Hosted, HostedRepositories, Limits
from porch.gitserver.server import GitServer

__all__ = ["GitServer", "Hosted", "HostedRepositories", "Limits"]

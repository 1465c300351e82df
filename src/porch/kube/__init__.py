"""A small Kubernetes client, for the command line, the demonstration and tests."""

from porch.kube.client import Client
from porch.kube.config import Context, find, load

__all__ = ["Client", "Context", "find", "load"]

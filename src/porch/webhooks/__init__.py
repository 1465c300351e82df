"""Deliveries of GitHub, GitLab and Gitea that tell of a push. The door: WebhookServer and what it is given."""

from porch.webhooks.interface import SECRET_ANNOTATION, SECRET_KEY, Hooks, Limits
from porch.webhooks.server import WebhookServer

__all__ = ["SECRET_ANNOTATION", "SECRET_KEY", "Hooks", "Limits", "WebhookServer"]

"""The Kubernetes wire. Knows HTTP and the API's conventions, nothing of packages or git. `server` runs it over TLS."""

from porch.apiserver.app import App, Limits
from porch.apiserver.interface import (
    Answer,
    Attributes,
    Authenticator,
    Authorizer,
    ClientCertificate,
    DocumentRequest,
    Documents,
    Resource,
)

__all__ = [
    "Answer",
    "App",
    "Attributes",
    "Authenticator",
    "Authorizer",
    "ClientCertificate",
    "DocumentRequest",
    "Documents",
    "Limits",
    "Resource",
]

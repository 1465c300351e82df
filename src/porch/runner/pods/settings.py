"""What a function runner is told about pods, and what is fixed about them. Names are upstream's: pods may be shared."""

from __future__ import annotations

from dataclasses import dataclass

PORT = 9446
CONTAINER = "function"
INIT_CONTAINER = "copy-wrapper-server"
IMAGE_LABEL = "fn.kpt.dev/image"
VERSION_ANNOTATION = "fn.kpt.dev/template-version"
POD_TEMPLATE = "base-pod-template"
SERVICE_TEMPLATE = "base-service-template"


@dataclass(frozen=True, slots=True)
class PodSettings:
    """Times are in seconds. Those of a FunctionConfig go before the ones here."""

    namespace: str = "porch-fn-system"
    wrapper_image: str = ""
    ttl: float = 1800.0
    scan_interval: float = 60.0
    start_timeout: float = 60.0
    max_waitlist: int = 2
    max_pods: int = 1
    message_bytes: int = 6 * 1024 * 1024
    warm_up: bool = True
    by_ip: bool = False
    """Call pods at their own address, not at that of their Service; for a runner outside of the cluster's DNS."""
    registry_auth: str = ""
    """Content of a .dockerconfigjson."""
    pull_secret: str = "auth-secret"  # noqa: S105 - a name

"""A verified client certificate as a caller: the common name is the user, the organizations are the groups."""

from __future__ import annotations

from porch.apiserver.interface import ClientCertificate
from porch.errors import Unauthorized
from porch.objects import Caller


def certificate_caller(certificate: ClientCertificate) -> Caller:
    """Raises Unauthorized for a certificate that names nobody."""
    if not certificate.common_name:
        raise Unauthorized
    return Caller(certificate.common_name, certificate.organizations)

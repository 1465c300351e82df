"""Which network addresses a remote may have. Names are judged again by what they resolve to, when connecting."""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Where clouds answer instance metadata, credentials included, besides the link-local 169.254.169.254.
_METADATA = frozenset({ipaddress.ip_address("fd00:ec2::254")})


def literal_address(host: str) -> Address | None:
    """The address that `host` spells, also in the odd forms that connect() understands (`2852039166`, `0xa9.0xfe.1`);
    None when it is a name.
    """
    host = host.rstrip(".")
    try:
        address: Address = ipaddress.ip_address(host)
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_refused(address: Address) -> bool:
    """Link-local, metadata and other special addresses: no git server is there, but secrets of the machine may be."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    plain = mapped or address
    return plain.is_link_local or plain.is_unspecified or plain.is_multicast or plain in _METADATA


def is_loopback(host: str) -> bool:
    """Whether what is sent to `host` stays on this machine."""
    address = literal_address(host)
    if address is not None:
        return address.is_loopback
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")

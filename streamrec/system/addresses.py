"""Host names and addresses as clients write them: which of them lead back to this machine, and how they are written in a URL."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:@/\\?#\[\]]+)(?::\d{0,5})?", re.ASCII)
_LEGACY = re.compile(r"(?:0x)?[0-9a-f]+(?:\.(?:0x)?[0-9a-f]+){0,3}", re.ASCII)


def host_of(authority: str) -> str | None:
    """The host of `host`, `host:port` or `[address]:port`, in lower case and without a trailing dot; None where it is malformed."""
    match = _AUTHORITY.fullmatch(authority)
    return canonical(match["host"]) if match else None


def canonical(host: str) -> str:
    """A host in one spelling: lower case, no brackets, no trailing dot."""
    return host.strip("[]").lower().removesuffix(".")


def address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that `host` is, also in the short forms that browsers and C libraries take (`127.1`); None for a name."""
    host = canonical(host)
    try:
        parsed = ip_address(host)
    except ValueError:
        if not _LEGACY.fullmatch(host):
            return None
        try:
            return IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    # A socket that listens on `::` names its IPv4 clients so.
    return getattr(parsed, "ipv4_mapped", None) or parsed


def is_loopback(host: str) -> bool:
    """Whether a host can be reached from its own machine only; no name is looked up."""
    parsed = address(host)
    # Names under localhost do not count: some resolvers ask a DNS server for them, whatever RFC 6761 says.
    return parsed.is_loopback if parsed is not None else canonical(host) == "localhost"


def holder(host: str) -> str:
    """What one client holds of the address space: an IPv4 address, or the /64 of an IPv6 network, in which it may choose any address."""
    parsed = address(host)
    if isinstance(parsed, IPv6Address) and not parsed.is_loopback:
        return str(ip_network((int(parsed), 64), strict=False))
    return str(parsed) if parsed is not None else host


def reachable(host: str) -> str:
    """The host under which this machine reaches a server that listens on `host`: loopback where it listens on all addresses."""
    parsed = address(host)
    if parsed is None or not parsed.is_unspecified:
        return host
    return "127.0.0.1" if parsed.version == 4 else "::1"


def http_url(host: str, port: int) -> str:
    """The URL of a server."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

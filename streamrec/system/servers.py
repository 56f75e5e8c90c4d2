"""Addresses of servers in settings: host names that can be looked up, and host:port."""

from __future__ import annotations

from urllib.parse import urlsplit

PORTS = range(1, 65_536)


def servers_of(broker: str) -> list[tuple[str, int]]:
    """Host and port of each bootstrap server in the value of the setting `broker`.

    Raises:
        ValueError: it names none, or one of them is not host:port.
    """
    servers = [_server(server.strip()) for server in broker.split(",") if server.strip()]
    if not servers:
        raise ValueError("it names no server; give host:port")
    return servers


def _server(server: str) -> tuple[str, int]:
    # The commonest mistake; as a host name it would only fail at the first connection.
    scheme, slashes, rest = server.rpartition("://")
    if slashes:
        raise ValueError(f"{server} begins with a scheme; leave {scheme}:// away and give {rest.rstrip('/') or 'host:port'}")
    host, _, port = server.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not host or not (port.isascii() and port.isdigit() and int(port) in PORTS):
        raise ValueError(f"{server} is not host:port")
    return require_host(host), int(port)


def require_url(url: str) -> str:
    """Check a URL and return it. Anything that does not begin with http:// or https:// is taken for a path and returned unchecked.

    Raises:
        ValueError: it has no valid host or port.
    """
    if url.startswith(("http://", "https://")):
        place = urlsplit(url)
        if not place.hostname or place.port == 0:
            raise ValueError(f"{url} names no host and port")
        require_host(place.hostname)
    return url


def require_host(host: str) -> str:
    """Check a host name or address and return it; empty stands for all addresses of this machine.

    Raises:
        ValueError: no resolver can take it.
    """
    if any(not sign.isprintable() or sign in " /@?#[]" for sign in host):
        raise ValueError(f"{host} is no name or address of a host")
    try:
        host.encode("idna")
    except UnicodeError as exc:
        raise ValueError(f"{host} is no name of a host ({exc.__cause__ or exc})") from exc
    return host

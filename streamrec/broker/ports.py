"""Which ports of this machine are free."""

from __future__ import annotations

import contextlib
import socket

from streamrec.errors import PortInUse

HOST = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Different ports on which nothing listens now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for bound in sockets:
            bound.bind((HOST, 0))
        return [bound.getsockname()[1] for bound in sockets]


def require_free(port: int) -> None:
    """Refuse a port on which another process listens.

    Raises:
        PortInUse: the port is taken or may not be used.
    """
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as exc:
            advice = "choose another with --port, or --port 0 for a free one"
            raise PortInUse(f"port {port} on {HOST} cannot be used ({exc.strerror}); {advice}") from exc


def listens(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0

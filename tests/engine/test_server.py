"""The worker's socket."""

from __future__ import annotations

import socket

import pytest

from streamrec.engine.server import listen
from streamrec.errors import PortInUse


def test_port_0_becomes_a_number() -> None:
    with listen("127.0.0.1", 0) as listening:
        assert listening.getsockname()[1] > 0


def test_a_taken_port_is_an_error_that_names_the_flag() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortInUse, match=r"cannot listen on 127\.0\.0\.1:\d+ .*--web-port"):
            listen("127.0.0.1", taken.getsockname()[1])


def test_an_address_that_is_not_ours_is_an_error() -> None:
    with pytest.raises(PortInUse, match="--web-host"):
        listen("203.0.113.1", 0)


def test_a_name_that_does_not_resolve_is_an_error() -> None:
    with pytest.raises(PortInUse, match="--web-host"):
        listen("no-such-host.invalid", 0)

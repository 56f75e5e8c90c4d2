"""TLS and credentials are tried before any client is made: the clients would try a wrong password again and again, and say nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import Any

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import SaslAuthenticationFailed, UnsupportedSaslMechanismError

from streamrec.errors import BrokerRefused
from streamrec.kafka import clients
from streamrec.kafka.pinned import AIOKAFKA, Pinned
from streamrec.settings import Settings

PINNED = (Pinned(AIOKAFKA, (AIOKafkaConnection.connect, AIOKafkaConnection.close), "3d16ee4fd18fe084"),)

PATIENCE_S = 5.0
"""For each try. A broker that starts may take longer: it is no refusal, and whoever waits for it comes here again."""
CLOSE_S = 1.0
"""A connection that was refused closes at once; one that hangs is left behind."""
ALERT_S = 0.5
"""With TLS 1.3 a broker complains of a missing client certificate after the handshake, within this time."""
EXPIRED, NOT_YET, OTHER_NAME, OTHER_ADDRESS = 10, 9, 62, 64
"""Codes of OpenSSL's verification (X509_V_ERR_…)."""


def require_accepted(settings: Settings, host: str, port: int) -> None:
    """Shake hands with a broker where the settings say TLS or SASL. A broker that does not answer has refused nothing.

    Raises:
        BrokerRefused: no later try can succeed with these settings; the message names the one to change.
        SettingsError: a file that the settings name cannot be used.
    """
    context = clients.ssl_context(settings)
    if context is not None:
        _require_tls(settings, context, host, port)
    if settings.security_protocol.startswith("SASL"):
        _require_password(settings, host, port)


def _require_tls(settings: Settings, context: ssl.SSLContext, host: str, port: int) -> None:
    try:
        with (
            socket.create_connection((host, port), PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            if settings.ssl_certfile is None and not settings.security_protocol.startswith("SASL"):
                _await_alert(secure)
    except ssl.SSLCertVerificationError as exc:
        raise BrokerRefused(f"the certificate of the broker {host}:{port} is not accepted: {_complaint(exc, host)}") from exc
    except ssl.SSLError as exc:
        # An end without an alert may come from a broker that is being stopped, or from one that speaks no TLS.
        if not isinstance(exc, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            raise BrokerRefused(f"no TLS with the broker {host}:{port} ({exc.reason}): {_remedy(exc.reason or '')}") from exc
        _require_no_answer(host, port)
    except ConnectionError:
        _require_no_answer(host, port)
    except OSError:
        pass


def _require_no_answer(host: str, port: int) -> None:
    """After a handshake that was broken off: raise BrokerRefused where the broker answers without TLS; else it only starts or stops."""
    if _fault(host, port) is None:
        raise BrokerRefused(
            f"the broker {host}:{port} speaks no TLS at this port: set security_protocol (STREAMREC_SECURITY_PROTOCOL) to PLAINTEXT or "
            "SASL_PLAINTEXT, or name the port that does in broker"
        )


def _require_password(settings: Settings, host: str, port: int) -> None:
    options = clients.aiokafka(settings)
    del options["bootstrap_servers"], options["request_timeout_ms"]
    fault = _fault(host, port, **options)
    if isinstance(fault, SaslAuthenticationFailed):
        raise BrokerRefused(
            f"Kafka at {host}:{port} does not accept the user {settings.sasl_username!r} with this password by "
            f"{settings.sasl_mechanism}: correct sasl_username, sasl_password (STREAMREC_SASL_PASSWORD) or sasl_mechanism"
        ) from fault
    if isinstance(fault, UnsupportedSaslMechanismError):
        raise BrokerRefused(
            f"Kafka at {host}:{port} does not offer {settings.sasl_mechanism}: set sasl_mechanism (STREAMREC_SASL_MECHANISM) to one "
            "that it offers"
        ) from fault


def _fault(host: str, port: int, **options: Any) -> Exception | None:
    """Connect, with the credentials in the options if there are any; returns the error, or None where it went well."""

    async def connect() -> None:
        connection = AIOKafkaConnection(host, port, request_timeout_ms=int(1000 * PATIENCE_S), **options)
        try:
            await connection.connect()
        finally:
            connection.close()
            await asyncio.wait([connection._closed_fut], timeout=CLOSE_S)

    try:
        asyncio.run(connect())
    except Exception as exc:
        return exc
    return None


def require_plain(settings: Settings, host: str, port: int) -> None:
    """Raise BrokerRefused when the settings say no TLS and the broker there speaks it."""
    if "SSL" in settings.security_protocol:
        return
    # Whose certificate it is does not matter here: only whether the other end speaks TLS.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), PATIENCE_S) as plain, context.wrap_socket(plain):
            pass
    except OSError:
        return
    wanted = "SASL_SSL" if settings.security_protocol.startswith("SASL") else "SSL, or to SASL_SSL where it asks for a password"
    raise BrokerRefused(f"the broker {host}:{port} speaks TLS: set security_protocol (STREAMREC_SECURITY_PROTOCOL) to {wanted}")


def _await_alert(secure: ssl.SSLSocket) -> None:
    secure.settimeout(ALERT_S)
    # Silence is good: the broker waits for our first request.
    with contextlib.suppress(TimeoutError):
        secure.recv(1)


def _complaint(exc: ssl.SSLCertVerificationError, host: str) -> str:
    if exc.verify_code in (OTHER_NAME, OTHER_ADDRESS):
        return f"it was made for another name; name the broker (setting broker) as its certificate does, not {host}"
    if exc.verify_code == EXPIRED:
        return "it has expired, or the one that signed it has; the broker needs a new one"
    if exc.verify_code == NOT_YET:
        return "it is not valid yet; look at the clocks of this machine and of the broker"
    return f"{exc.verify_message}; set ssl_cafile (STREAMREC_SSL_CAFILE) to the certificate of the authority that signed it"


def _remedy(reason: str) -> str:
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason:
        return "it asks for a certificate of ours: set ssl_certfile and ssl_keyfile"
    if "ALERT" in reason:
        return "it does not accept our certificate; look at ssl_certfile and ssl_keyfile"
    return "look at security_protocol and at the port in broker"

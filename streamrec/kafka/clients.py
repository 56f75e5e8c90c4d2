"""The one place that turns our settings into those of aiokafka and kafka-python. Whoever asks for them has the libraries patched."""

from __future__ import annotations

import os
import ssl
from typing import Any

from streamrec.errors import SettingsError
from streamrec.kafka import patches
from streamrec.settings import Settings

REQUEST_TIMEOUT_MS = 30_000
"""For so long a broker may take to answer any client. It is kafka-python's default; aiokafka's of 40 s would leave no time for a second try
within the 45 s of `stall_timeout_s`."""


def servers(settings: Settings) -> list[str]:
    """The bootstrap servers, as host:port."""
    return [server.strip() for server in settings.broker.split(",") if server.strip()]


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context, or None where the protocol has no TLS.

    Raises:
        SettingsError: a file of the settings is not there or not what it should be.
    """
    if "SSL" not in settings.security_protocol:
        return None
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
        file = getattr(settings, name)
        if file is not None and not os.access(file, os.R_OK):
            raise SettingsError(f"{name}: {file} is not there or cannot be read")
    try:
        context = ssl.create_default_context(cafile=str(settings.ssl_cafile) if settings.ssl_cafile else None)
    except ssl.SSLError as exc:
        raise SettingsError(f"ssl_cafile: {settings.ssl_cafile} holds no certificates in PEM ({exc.reason})") from exc
    if settings.ssl_certfile:
        try:
            # Without one, OpenSSL would ask the terminal for the password of an encrypted key.
            context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile, password="")
        except ssl.SSLError as exc:
            why = f"{exc.reason}; both must be PEM, belong together, and the key be without a password"
            raise SettingsError(f"ssl_certfile, ssl_keyfile: {settings.ssl_certfile} and its key cannot be used ({why})") from exc
    return context


def _security(settings: Settings) -> dict[str, Any]:
    security: dict[str, Any] = {"security_protocol": settings.security_protocol, "ssl_context": ssl_context(settings)}
    if settings.security_protocol.startswith("SASL"):
        security |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": settings.sasl_password.get_secret_value() if settings.sasl_password else None,
        }
    return security


def kafka_python(settings: Settings) -> dict[str, Any]:
    """Settings that every client of kafka-python takes."""
    patches.install()
    return {"bootstrap_servers": servers(settings), **_security(settings)}


def aiokafka(settings: Settings) -> dict[str, Any]:
    """Settings that every client of aiokafka takes."""
    patches.install()
    return {"bootstrap_servers": servers(settings), "request_timeout_ms": REQUEST_TIMEOUT_MS, **_security(settings)}


def topic_config(settings: Settings) -> dict[str, str]:
    """Settings of every topic that we create."""
    return {"min.insync.replicas": str(settings.min_insync_replicas)}

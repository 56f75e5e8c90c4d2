"""Our settings as Faust takes them, as far as they concern the connection to Kafka."""

from __future__ import annotations

from typing import Any

import faust
from faust.types.auth import CredentialsT
from yarl import URL

from streamrec.kafka import clients, patches
from streamrec.settings import Settings


def faust_options(settings: Settings) -> dict[str, Any]:
    """Options of the Faust app."""
    patches.install()  # Faust makes the group's consumer by itself, without the settings of `clients`
    return {
        "broker": [URL(f"kafka://{server}") for server in clients.servers(settings)],
        "broker_credentials": _credentials(settings),
        "broker_request_timeout": clients.REQUEST_TIMEOUT_MS / 1000,
    }


def _credentials(settings: Settings) -> CredentialsT | None:
    context = clients.ssl_context(settings)
    if settings.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            mechanism=settings.sasl_mechanism,
            username=settings.sasl_username,
            password=settings.sasl_password.get_secret_value() if settings.sasl_password else None,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context else None

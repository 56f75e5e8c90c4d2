"""TLS and SASL against a real broker: what is right works from end to end, what is wrong is told at once and names the setting."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion
from pydantic import SecretStr

from streamrec.broker.embedded import EmbeddedBroker
from streamrec.broker.ports import free_ports
from streamrec.broker.properties import Listener
from streamrec.errors import BrokerRefused, SettingsError
from streamrec.kafka import clients, topics
from streamrec.settings import Settings
from tests.engine.support import ROOT, Worker, stop_all, until
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.kafka
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required user_shop='open';"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
LOCAL = ("127.0.0.1", "localhost")


class Doors:
    """A broker with a listener of each kind, and the settings for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ca = trustme.CA()
        past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)
        certificates = {
            "good": ca.issue_cert(*LOCAL),
            "expired": ca.issue_cert(*LOCAL, not_before=past, not_after=past + datetime.timedelta(days=1)),
            "elsewhere": ca.issue_cert("kafka.elsewhere.example"),
        }
        self.ca, self.other_ca = folder / "ca.pem", folder / "other-ca.pem"
        ca.cert_pem.write_to_path(self.ca)
        trustme.CA().cert_pem.write_to_path(self.other_ca)
        own = ca.issue_cert("client@example.com")
        self.certificate, self.key = folder / "client.pem", folder / "client.key"
        own.cert_chain_pems[0].write_to_path(self.certificate)
        own.private_key_pem.write_to_path(self.key)
        stores = {name: self._store(name, made) for name, made in certificates.items()}
        self.ports = dict(zip(("sasl", "plain", "expired", "elsewhere", "mutual"), free_ports(5), strict=True))
        sasl = {
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "plain.sasl.jaas.config": PLAIN.replace("'", '"'),
            "scram-sha-512.sasl.jaas.config": SCRAM,
        }
        trusted = {"ssl.client.auth": "required", "ssl.truststore.type": "PEM", "ssl.truststore.location": str(self.ca)}
        self.listeners = [
            Listener("SASL", "SASL_SSL", self.ports["sasl"], stores["good"] | sasl),
            Listener("PLAIN", "SASL_PLAINTEXT", self.ports["plain"], sasl),
            Listener("EXPIRED", "SSL", self.ports["expired"], stores["expired"]),
            Listener("ELSEWHERE", "SSL", self.ports["elsewhere"], stores["elsewhere"]),
            Listener("MUTUAL", "SSL", self.ports["mutual"], stores["good"] | trusted),
        ]

    def _store(self, name: str, certificate: trustme.LeafCert) -> dict[str, str]:
        key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        file = self.folder / f"{name}.pem"
        chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
        file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain) + chain)
        return {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(file)}

    def settings(self, door: str, **changes: Any) -> Settings:
        """What is right for SASL over TLS, at a door, with changes."""
        right = {
            "broker": f"127.0.0.1:{self.ports[door]}",
            "prefix": "secure.",
            "app_id": "secure",
            "partitions": 1,
            "data_dir": self.folder / "state",
            "security_protocol": "SASL_SSL",
            "ssl_cafile": self.ca,
            "sasl_username": "shop",
            "sasl_password": "open",
            "broker_patience_s": 100 * PATIENCE_S,
        }
        return Settings(**{**right, **changes})


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    made = Doors(tmp_path_factory.mktemp("doors"))
    with EmbeddedBroker(made.folder / "kafka", listeners=made.listeners) as bootstrap:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
        user = UserScramCredentialUpsertion("scram", ScramMechanism.SCRAM_SHA_512, b"sesame")
        assert admin.alter_user_scram_credentials([user]) == {"scram": None}
        admin.close()
        yield made


def environment(settings: Settings) -> dict[str, str]:
    names = ("security_protocol", "ssl_cafile", "ssl_certfile", "ssl_keyfile", "sasl_mechanism", "sasl_username", "broker_patience_s")
    found = {f"STREAMREC_{name.upper()}": str(value) for name in names if (value := getattr(settings, name)) is not None}
    if settings.sasl_password is not None:
        found["STREAMREC_SASL_PASSWORD"] = settings.sasl_password.get_secret_value()
    return found


def test_events_become_lists_over_tls_with_a_password(doors: Doors) -> None:
    settings = doors.settings("sasl", sasl_mechanism="SCRAM-SHA-512", sasl_username="scram", sasl_password=SecretStr("sesame"))
    topics.create(settings)
    worker = Worker(settings, module="streamrec.cli.main worker", STREAMREC_SCORING="off", **environment(settings))
    try:
        with KafkaProducer(**clients.kafka_python(settings)) as producer:
            item = {"item_id": "mug", "title": "Mug", "price": 1, "currency": "EUR"}
            producer.send(settings.topic("items"), json.dumps(item).encode(), key=b"mug").get(timeout=PATIENCE_S)
            room = {"room_id": "r", "host_id": "h", "status": "live", "shelf": ["mug"], "ts": int(time.time() * 1000)}
            producer.send(settings.topic("rooms"), json.dumps(room).encode(), key=b"r").get(timeout=PATIENCE_S)
            worker.start().ready()
            view = {"user_id": "ann", "item_id": "mug", "ts": int(time.time() * 1000)}
            producer.send(settings.topic("views"), json.dumps(view).encode(), key=b"ann").get(timeout=PATIENCE_S)
        options = clients.kafka_python(settings) | {"auto_offset_reset": "earliest", "consumer_timeout_ms": 1000}
        with KafkaConsumer(settings.topic("recommendations"), **options) as consumer:
            lists = until(lambda: list(islice(consumer, 1)), f"a list; the log: {worker.log.read_text()[-2000:]}")
        assert json.loads(lists[0].value)["items"][0]["item_id"] == "mug"
        assert worker.stop() == 0
        assert worker.errors() == []
    finally:
        stop_all([worker])


def test_a_client_certificate_opens_the_door_that_asks_for_one(doors: Doors) -> None:
    settings = doors.settings("mutual", security_protocol="SSL", ssl_certfile=doors.certificate, ssl_keyfile=doors.key)
    assert topics.describe(settings)


def test_a_password_without_tls_works(doors: Doors) -> None:
    assert topics.describe(doors.settings("plain", security_protocol="SASL_PLAINTEXT"))


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "password": ("sasl", {"sasl_password": "guess"}, "correct sasl_username, sasl_password"),
    "password, SCRAM": ("sasl", {"sasl_mechanism": "SCRAM-SHA-512", "sasl_username": "scram", "sasl_password": "guess"}, "sasl_password"),
    "user": ("plain", {"security_protocol": "SASL_PLAINTEXT", "sasl_username": "nobody"}, "'nobody' with this password by PLAIN"),
    "mechanism": ("sasl", {"sasl_mechanism": "SCRAM-SHA-256"}, "does not offer SCRAM-SHA-256: set sasl_mechanism"),
    "CA": ("sasl", {"ssl_cafile": "other-ca.pem"}, "set ssl_cafile"),
    "no CA": ("sasl", {"ssl_cafile": None}, "set ssl_cafile"),
    "CA file": ("sasl", {"ssl_cafile": "nowhere.pem"}, "ssl_cafile: "),
    "expired": ("expired", {"security_protocol": "SSL"}, "has expired"),
    "host name": ("elsewhere", {"security_protocol": "SSL"}, "made for another name; name the broker (setting broker)"),
    "no certificate": ("mutual", {"security_protocol": "SSL"}, "set ssl_certfile and ssl_keyfile"),
    "no TLS here": ("expired", {"security_protocol": "PLAINTEXT"}, "speaks TLS: set security_protocol"),
    "no TLS there": ("plain", {"security_protocol": "SSL"}, "speaks no TLS at this port: set security_protocol"),
}


@pytest.mark.parametrize(("door", "changes", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_told_at_once_and_names_the_setting(doors: Doors, door: str, changes: dict[str, Any], said: str) -> None:
    named = {name: doors.folder / value if name == "ssl_cafile" and value else value for name, value in changes.items()}
    with pytest.raises((SettingsError, BrokerRefused)) as caught:
        topics.describe(doors.settings(door, **named))
    assert isinstance(caught.value, SettingsError if "ssl_cafile: " in said else BrokerRefused)
    assert said in str(caught.value)
    assert "open" not in str(caught.value), "the password is told to nobody"


def test_a_refused_worker_ends_with_1_and_one_clear_line(doors: Doors) -> None:
    settings = doors.settings("sasl", ssl_cafile=doors.other_ca)
    worker = Worker(settings, name="refused", module="streamrec.cli.main worker", **environment(settings))
    assert worker.start().exit_code(PATIENCE_S) == 1
    last = worker.log.read_text().splitlines()[-1]
    assert last.startswith("error: the certificate of the broker")
    assert "ssl_cafile" in last


def test_the_doctor_says_so_too(doors: Doors) -> None:
    settings = doors.settings("sasl", sasl_password=SecretStr("guess"))
    command = [sys.executable, "-m", "streamrec.cli.main", "doctor", "--json", "--scoring", "off", "--broker", settings.broker]
    environ = Worker(settings).environment | environment(settings)
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, timeout=PATIENCE_S)
    (broker,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "broker"]
    assert (done.returncode, broker["state"]) == (1, "fail")
    assert "sasl_password" in broker["found"]

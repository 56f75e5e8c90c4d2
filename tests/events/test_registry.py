import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from streamrec.errors import BadEvent
from streamrec.events import registry as registries
from streamrec.events.avro import avro_schema
from streamrec.events.registry import SchemaAwaited, SchemaRegistry, registry
from streamrec.events.schema_sources import Http, RegistryAway
from streamrec.settings import Settings
from tests.events.registries import Registry, serving
from tests.patience import PATIENCE_S

VIEW = avro_schema("views")
LINKED = {"type": "record", "name": "a.Link", "fields": [{"name": "next", "type": ["null", "Link"]}]}


@pytest.fixture
def server() -> Iterator[Registry]:
    with serving({1: VIEW, 2: {"schemaType": "PROTOBUF", "schema": "message A {}"}, 3: LINKED}) as running:
        yield running


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "LEAST_PAUSE_S", 0.0)
    monkeypatch.setattr(registries, "MOST_PAUSE_S", 0.0)


def found(schemas: SchemaRegistry, schema_id: int) -> Any:
    """The schema, once it has been asked for."""
    with pytest.raises(SchemaAwaited):
        schemas.avro(schema_id)
    assert schemas.wait(PATIENCE_S)
    return schemas.avro(schema_id)


def reason(schemas: SchemaRegistry, schema_id: int) -> str:
    with pytest.raises(BadEvent) as caught:
        found(schemas, schema_id)
    assert caught.value.reason == "unknown_schema"
    return str(caught.value)


def test_a_schema_is_asked_for_once_and_nobody_waits_for_the_answer(server: Registry) -> None:
    schemas = registry(Settings(schema_registry=server.url + "/"))
    assert schemas is not None
    for _ in range(3):
        try:
            schemas.avro(1)
        except SchemaAwaited:
            continue
    assert schemas.wait(PATIENCE_S)
    assert schemas.settled(1)
    assert schemas.avro(1)["name"] == "streamrec.View"
    assert schemas.avro(1) is schemas.avro(1)
    assert server.asked == [("/schemas/ids/1", None)]


def test_user_and_password_are_sent_as_basic_authentication(server: Registry) -> None:
    schemas = registry(Settings(schema_registry=server.url, schema_registry_auth="me:secret"))  # type: ignore[arg-type]
    assert schemas is not None
    found(schemas, 1)
    assert server.asked == [("/schemas/ids/1", "Basic bWU6c2VjcmV0")]


def test_a_redirection_takes_no_password_along(server: Registry) -> None:
    with serving({1: VIEW}) as other:
        server.moved = f"{other.url}/schemas/ids/1"
        server.broken = [302]
        with pytest.raises(RegistryAway, match="answers 302"):
            Http(server.url, "me:secret")(1)
        assert other.asked == []


def test_no_proxy_is_asked_for_a_registry_of_this_machine(server: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        for host in ("127.0.0.1", "localhost", "127.1"):
            assert Http(server.url.replace("127.0.0.1", host), "me:secret")(1)
        assert proxy.asked == []


def test_a_registry_elsewhere_is_asked_through_the_proxy_unless_no_proxy_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({1: VIEW}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert Http("http://registry.invalid:8081")(1)
        assert [path for path, _ in proxy.asked] == ["http://registry.invalid:8081/schemas/ids/1"]
        monkeypatch.setenv("no_proxy", "other.invalid,registry.invalid")
        with pytest.raises(RegistryAway, match="cannot be asked"):
            Http("http://registry.invalid:8081")(1)
        assert len(proxy.asked) == 1


@pytest.mark.parametrize(("schema_id", "why"), [(9, "does not know it"), (2, "of type PROTOBUF"), (3, "holds itself")])
def test_a_schema_that_cannot_be_used_makes_a_dead_letter(server: Registry, schema_id: int, why: str) -> None:
    assert why in reason(SchemaRegistry(Http(server.url)), schema_id)


@pytest.mark.parametrize(
    "answer",
    [
        {"schema": "no JSON"},
        {"schema": "[" * 100_000},
        {"schema": '{"type": "recrod"}'},
        {"schema": '{"type": "record", "name": "A"}'},
        {"schema": json.dumps(VIEW), "references": [{"name": "other"}]},
        {"schema": '["Unknown"]'},
    ],
)
def test_what_is_no_schema_by_itself_makes_a_dead_letter(server: Registry, answer: dict[str, Any]) -> None:
    server.schemas[4] = answer
    reason(SchemaRegistry(Http(server.url)), 4)


def test_that_there_is_no_schema_is_remembered_for_a_minute(server: Registry) -> None:
    now = 100.0
    schemas = SchemaRegistry(Http(server.url), lambda: now)
    reason(schemas, 9)
    for _ in range(3):
        with pytest.raises(BadEvent):
            schemas.avro(9)
    assert len(server.asked) == 1
    server.schemas[9] = VIEW
    now += 61
    assert found(schemas, 9)
    assert len(server.asked) == 2


def test_ids_that_mean_nothing_do_not_pile_up(server: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "UNKNOWN_IDS", 5)
    schemas = SchemaRegistry(Http(server.url))
    for schema_id in range(100, 112):
        reason(schemas, schema_id)
    assert len(schemas._unknown) <= 5


def test_of_many_ids_only_some_are_asked_for_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "AWAITED_IDS", 3)
    go_on = threading.Event()

    def slow(schema_id: int) -> Any:
        go_on.wait(PATIENCE_S)
        return VIEW

    schemas = SchemaRegistry(slow)
    for schema_id in range(3):
        with pytest.raises(SchemaAwaited):
            schemas.avro(schema_id)
    with pytest.raises(BadEvent, match="3 others are being asked for"):
        schemas.avro(3)
    go_on.set()
    assert schemas.wait(PATIENCE_S)
    assert found(schemas, 3)


def test_an_id_without_an_answer_holds_up_no_other() -> None:
    asked: list[int] = []

    def fetch(schema_id: int) -> Any:
        asked.append(schema_id)
        if schema_id == 1 and 2 not in asked:
            raise RegistryAway("not now")
        return VIEW

    schemas = SchemaRegistry(fetch)
    for schema_id in (1, 2):
        with pytest.raises(SchemaAwaited):
            schemas.avro(schema_id)
    assert schemas.wait(PATIENCE_S)
    assert schemas.avro(1)
    assert schemas.avro(2)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_registry_that_refuses_is_asked_again_and_no_event_is_condemned(server: Registry, status: int) -> None:
    server.broken = [status] * 3
    assert found(SchemaRegistry(Http(server.url)), 1)
    assert len(server.asked) == 4


ANSWER = json.dumps({"schema": json.dumps(VIEW)}).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER[:40],
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"sch',
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>x</html>\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull",
        b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"schema":5}',
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % number for number in range(200)) + b"\r\n",
        b"",
    ],
)
def test_what_answers_otherwise_than_a_registry_counts_as_away(raw: bytes) -> None:
    with answering(raw) as url, pytest.raises(RegistryAway, match="check schema_registry"):
        Http(url)(1)


def test_one_that_nobody_serves_counts_as_away() -> None:
    with serving({}) as gone:
        pass
    with pytest.raises(RegistryAway, match="cannot be asked"):
        Http(gone.url)(1)


def test_a_folder_has_a_file_for_each_id(tmp_path: Path) -> None:
    (tmp_path / "7.avsc").write_text(json.dumps(VIEW))
    (tmp_path / "8.avsc").write_text("{")
    schemas = registry(Settings(schema_registry=str(tmp_path)))
    assert schemas is not None
    assert found(schemas, 7)["name"] == "streamrec.View"
    assert "8.avsc is no JSON" in reason(schemas, 8)
    assert "there is no" in reason(schemas, 9)


def test_a_folder_that_comes_later_condemns_no_event(tmp_path: Path) -> None:
    place = tmp_path / "unmounted"
    schemas = registry(Settings(schema_registry=str(place)))
    assert schemas is not None
    with pytest.raises(SchemaAwaited):
        schemas.avro(1)
    assert not schemas.settled(1)
    (tmp_path / "1.avsc").write_text(json.dumps(VIEW))
    place.symlink_to(tmp_path)
    assert schemas.wait(PATIENCE_S)
    assert schemas.avro(1)


def test_without_the_setting_there_is_no_registry() -> None:
    assert registry(Settings()) is None


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """The address of a server that says this, and hangs up."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(4096)
            self.request.sendall(raw)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()

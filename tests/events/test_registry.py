import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streamrec.errors import BadEvent, RegistryUnavailable
from streamrec.events import registry as registries
from streamrec.events.avro import avro_schema
from streamrec.events.registry import Http, SchemaRegistry, registry
from streamrec.settings import Settings
from tests.events.registries import Registry, serving

VIEW = avro_schema("views")
LINKED = {"type": "record", "name": "a.Link", "fields": [{"name": "next", "type": ["null", "Link"]}]}


@pytest.fixture
def server() -> Iterator[Registry]:
    with serving({1: VIEW, 2: {"schemaType": "PROTOBUF", "schema": "message A {}"}, 3: LINKED}) as running:
        yield running


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "PAUSE_S", 0.0)


def reason(schemas: SchemaRegistry, schema_id: int) -> str:
    with pytest.raises(BadEvent) as caught:
        schemas.avro(schema_id)
    assert caught.value.reason == "unknown_schema"
    return str(caught.value)


def test_a_schema_is_asked_for_once(server: Registry) -> None:
    schemas = registry(Settings(schema_registry=server.url + "/"))
    assert schemas is not None
    assert schemas.avro(1)["name"] == "streamrec.View"
    assert schemas.avro(1) is schemas.avro(1)
    assert server.asked == [("/schemas/ids/1", None)]


def test_user_and_password_are_sent_as_basic_authentication(server: Registry) -> None:
    schemas = registry(Settings(schema_registry=server.url, schema_registry_auth="me:secret"))  # type: ignore[arg-type]
    assert schemas is not None
    schemas.avro(1)
    assert server.asked == [("/schemas/ids/1", "Basic bWU6c2VjcmV0")]


def test_a_redirection_takes_no_password_along(server: Registry) -> None:
    with serving({1: VIEW}) as other:
        server.moved = f"{other.url}/schemas/ids/1"
        server.broken = [302]
        with pytest.raises(RegistryUnavailable, match="answers 302"):
            SchemaRegistry(Http(server.url, "me:secret")).avro(1)
        assert other.asked == []


def test_no_proxy_is_asked_for_a_registry_of_this_machine(server: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        for host in ("127.0.0.1", "localhost", "127.1"):
            assert SchemaRegistry(Http(server.url.replace("127.0.0.1", host), "me:secret")).avro(1)
        assert proxy.asked == []


def test_a_registry_elsewhere_is_asked_through_the_proxy_unless_no_proxy_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving({1: VIEW}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert SchemaRegistry(Http("http://registry.invalid:8081")).avro(1)
        assert [path for path, _ in proxy.asked] == ["http://registry.invalid:8081/schemas/ids/1"]
        monkeypatch.setenv("no_proxy", "other.invalid,registry.invalid")
        with pytest.raises(RegistryUnavailable, match="cannot be asked"):
            SchemaRegistry(Http("http://registry.invalid:8081", patience_s=0.01)).avro(1)
        assert len(proxy.asked) == 1


@pytest.mark.parametrize(("schema_id", "why"), [(9, "does not know it"), (2, "of type PROTOBUF"), (3, "holds itself")])
def test_a_schema_that_cannot_be_used_makes_a_dead_letter(server: Registry, schema_id: int, why: str) -> None:
    assert why in reason(SchemaRegistry(Http(server.url)), schema_id)


@pytest.mark.parametrize(
    "answer",
    [
        {"schema": "no JSON"},
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
    for _ in range(3):
        reason(schemas, 9)
    assert len(server.asked) == 1
    server.schemas[9] = VIEW
    now += 61
    assert schemas.avro(9)
    assert len(server.asked) == 2


def test_ids_that_mean_nothing_do_not_pile_up(server: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "UNKNOWN_IDS", 5)
    schemas = SchemaRegistry(Http(server.url))
    for schema_id in range(100, 112):
        reason(schemas, schema_id)
    assert len(schemas._unknown) <= 5


def test_a_registry_that_is_busy_is_asked_again(server: Registry) -> None:
    server.broken = [500, 503, 429]
    assert SchemaRegistry(Http(server.url)).avro(1)
    assert len(server.asked) == 4


def test_one_that_refuses_is_not_asked_again_and_no_event_is_condemned(server: Registry) -> None:
    server.broken = [401]
    with pytest.raises(RegistryUnavailable, match=r"answers 401.*schema_registry_auth"):
        SchemaRegistry(Http(server.url)).avro(1)
    assert len(server.asked) == 1


def test_one_that_is_away_for_longer_than_the_patience_is_an_error(server: Registry) -> None:
    with serving({}) as gone:
        pass
    with pytest.raises(RegistryUnavailable, match=r"cannot be asked .*nothing is lost"):
        SchemaRegistry(Http(gone.url, patience_s=0.01)).avro(1)


def test_a_folder_has_a_file_for_each_id(tmp_path: Path) -> None:
    (tmp_path / "7.avsc").write_text(json.dumps(VIEW))
    (tmp_path / "8.avsc").write_text("{")
    schemas = registry(Settings(schema_registry=str(tmp_path)))
    assert schemas is not None
    assert schemas.avro(7)["name"] == "streamrec.View"
    assert "8.avsc is no JSON" in reason(schemas, 8)
    assert "there is no" in reason(schemas, 9)


def test_a_folder_that_is_not_there_condemns_no_event(tmp_path: Path) -> None:
    schemas = registry(Settings(schema_registry=str(tmp_path / "unmounted")))
    assert schemas is not None
    with pytest.raises(RegistryUnavailable, match="is no folder"):
        schemas.avro(1)


def test_without_the_setting_there_is_no_registry() -> None:
    assert registry(Settings()) is None

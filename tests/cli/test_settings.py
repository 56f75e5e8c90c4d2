"""Settings on the command line: every one has a flag, and a wrong one is refused with advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamrec.cli.support.options import flag, groups, variable
from streamrec.events.topics import TOPICS
from streamrec.settings import LONGEST_PREFIX, Settings, load
from tests.cli.conftest import Cli


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_flag_whose_help_names_its_variable(cli: Cli, name: str) -> None:
    done = cli("config", "show", "--help")
    assert flag(name) in done.out
    assert variable(name) in "".join(done.out.split())


def test_the_groups_hold_every_setting_once() -> None:
    assert [name for members in groups().values() for name in members] == list(Settings.model_fields)


def test_flags_win_over_the_environment_and_that_over_the_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("streamrec.toml").write_text('k = 3\npartitions = 4\nprefix = "f."\n')
    monkeypatch.setenv("STREAMREC_K", "5")
    monkeypatch.setenv("STREAMREC_PARTITIONS", "6")
    shown = cli("config", "show", "--json", "--k", "7").last["settings"]
    assert {name: shown[name] for name in ("k", "partitions", "prefix", "threads")} == {
        "k": {"value": 7, "source": "flag"},
        "partitions": {"value": 6, "source": "STREAMREC_PARTITIONS"},
        "prefix": {"value": "f.", "source": "streamrec.toml"},
        "threads": {"value": 1, "source": "default"},
    }


def test_switches_can_be_turned_off(cli: Cli) -> None:
    assert cli("config", "show", "--json", "--no-coalesce").last["settings"]["coalesce"] == {"value": False, "source": "flag"}


def test_a_password_is_never_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMREC_SASL_PASSWORD", "open sesame")
    for arguments in (["config", "show"], ["config", "show", "--json"]):
        done = cli(*arguments)
        assert "sasl_password" in done.out
        assert "sesame" not in done.out + done.err


@pytest.mark.parametrize("token", ["", " ", "short", "eleven sign", " blank at its start", "a line\nbreak in it", "a bell\a in it all"])
def test_a_token_that_opens_to_anyone_is_refused_and_not_repeated(cli: Cli, monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("STREAMREC_WEB_TOKEN", token)
    for command in (["config", "show"], ["worker"], ["state", "get", "ann"]):
        done = cli(*command)
        assert (done.code, done.out) == (2, "")
        assert "web_token: a token has at least 12 characters" in done.err
        assert not token.strip() or token not in done.err


@pytest.mark.parametrize("token", ["s3cret-token", "a blank within", "口令口令口令口令口令口令"])
def test_a_longer_token_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("STREAMREC_WEB_TOKEN", token)
    found = load().web_token
    assert found is not None
    assert found.get_secret_value() == token


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("schema_registry", "http://me:hush@registry:8081"),
        ("schema_registry", "HTTPS://hush@registry"),
        ("schema_registry", "http://me:hu/hush@registry"),
        ("schema_registry", "http://me:hu#hush@registry"),
        ("schema_registry", "me:hush@registry:8081"),
        ("schema_registry", "//me:hush@registry:8081"),
        ("broker", "me:hush@kafka:9092"),
        ("broker", "kafka-1:9092,hush@kafka-2:9092"),
        ("broker", "SASL_SSL://me:hush@kafka:9092"),
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, place: str) -> None:
    Path("streamrec.toml").write_text(f"{name} = '{place}'\n")
    from_file = cli("config", "show")
    Path("streamrec.toml").unlink()
    from_flag = cli("config", "show", flag(name), place)
    monkeypatch.setenv(variable(name), place)
    for done in (from_file, from_flag, cli("config", "show", "--json"), cli("worker"), cli("doctor")):
        assert (done.code, done.out) == (2, "")
        assert f"{name}: it holds a user or a password" in done.err
        assert ("sasl_password" if name == "broker" else "schema_registry_auth") in done.err
        assert "hush" not in done.err


@pytest.mark.parametrize("place", ["http://registry:8081/?token=hush", "https://registry/x#hush"])
def test_a_registry_with_a_secret_behind_its_path_is_refused_and_not_repeated(cli: Cli, place: str) -> None:
    done = cli("config", "show", "--schema-registry", place)
    assert (done.code, done.out) == (2, "")
    assert "after a ? or #" in done.err
    assert "hush" not in done.err


@pytest.mark.parametrize("place", ["http://registry:8081/a/b", "schemas", "./me@home", "/srv/schemas@2"])
def test_other_places_of_schemas_are_taken(place: str) -> None:
    assert load(schema_registry=place).schema_registry == place


@pytest.mark.parametrize(
    ("environment", "file", "arguments", "complaint"),
    [
        ({"STREAMREC_PARTITION": "4"}, "", [], "STREAMREC_PARTITION is not a setting; did you mean partitions?"),
        ({"STREAMREC_K": "none"}, "", [], "k: Input should be a valid integer"),
        ({"STREAMREC_CONFIG": "other.toml"}, "", [], "STREAMREC_CONFIG names other.toml, which is not there"),
        ({}, "brokr = 1\n", [], "brokr is not a setting; did you mean broker?"),
        ({}, "k = \n", [], "streamrec.toml is not valid TOML"),
        ({}, "", ["--k", "0"], "k: Input should be greater than or equal to 1"),
        ({"STREAMREC_PORT": "6066"}, "", [], "STREAMREC_PORT is not a setting"),
        ({"STREAMREC_WEB_PORT": "http://10.0.0.1"}, "", [], "web_port: Input should be a valid integer"),
        ({}, "", ["--broker", "kafka..svc:9092"], "broker: kafka..svc is no name of a host"),
        ({"STREAMREC_BROKER": "kafka://host:9092"}, "", [], "broker: kafka://host:9092 begins with a scheme; leave kafka:// away"),
        ({}, 'broker = ""\n', [], "broker: it names no server; give host:port"),
        ({}, "", ["--schema-registry", "http://a..b:1"], "schema_registry: a..b is no name of a host"),
        ({}, "", ["--web-host", "a..b"], "web_host: a..b is no name of a host"),
        ({}, "", ["--prefix", "a b/"], "prefix: 'a b/' holds what no name of a topic may"),
        ({}, "", ["--prefix", "直播."], "prefix: '直播.' holds what no name of a topic may"),
        ({}, "", ["--prefix", "x" * 245], "prefix: it has 245 characters, and Kafka's names of topics leave room for"),
    ],
)
def test_a_wrong_setting_exits_with_2_and_advice(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], file: str, arguments: list[str], complaint: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if file:
        Path("streamrec.toml").write_text(file)
    done = cli("config", "show", *arguments)
    assert done.code == 2
    assert complaint in done.err
    assert done.out == ""


SERVICE_LINKS = {
    "STREAMREC_SERVICE_HOST": "10.0.0.1",
    "STREAMREC_SERVICE_PORT": "6066",
    "STREAMREC_PORT": "tcp://10.0.0.1:6066",
    "STREAMREC_PORT_6066_TCP": "tcp://10.0.0.1:6066",
    "STREAMREC_PORT_6066_TCP_PROTO": "tcp",
    "STREAMREC_PORT_6066_TCP_PORT": "6066",
    "STREAMREC_PORT_6066_TCP_ADDR": "10.0.0.1",
    "STREAMREC_KAFKA_SERVICE_HOST": "10.96.0.12",
    "STREAMREC_KAFKA_SERVICE_PORT": "9092",
    "STREAMREC_KAFKA_SERVICE_PORT_CLIENT": "9092",
    "STREAMREC_KAFKA_PORT": "tcp://10.96.0.12:9092",
    "STREAMREC_KAFKA_PORT_9092_UDP_ADDR": "10.96.0.12",
    "STREAMREC_WEB_SERVICE_HOST": "10.0.0.2",
    "STREAMREC_WEB_PORT": "tcp://10.0.0.2:6066",
    "STREAMREC_LEARN_PORT": "sctp://10.0.0.3:6067",
}


def test_what_kubernetes_tells_of_services_in_the_namespace_is_no_setting(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cli("config", "show", "--json").last
    for name, value in SERVICE_LINKS.items():
        monkeypatch.setenv(name, value)
    assert cli("config", "show", "--json").last == before
    monkeypatch.setenv("STREAMREC_WEB_PORT", "7000")
    assert cli("config", "show", "--json").last["settings"]["web_port"] == {"value": 7000, "source": "STREAMREC_WEB_PORT"}


def test_a_file_with_a_byte_order_mark_is_read_in_any_locale(cli: Cli) -> None:
    Path("streamrec.toml").write_bytes("\ufeffk = 3\napp_id = '店铺'\n".encode())
    shown = cli("config", "show", "--json").last["settings"]
    assert (shown["k"], shown["app_id"]["value"]) == ({"value": 3, "source": "streamrec.toml"}, "店铺")


def test_a_file_in_another_encoding_is_named(cli: Cli) -> None:
    Path("streamrec.toml").write_bytes("app_id = 'Jos\xe9'\n".encode("latin-1"))
    done = cli("config", "show")
    assert done.code == 2
    assert done.err.startswith("error: streamrec.toml is not valid TOML: 'utf-8' codec can't decode")


def test_values_are_shown_whole_and_as_they_are(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    broker = ",".join(f"broker-{number}.a-rather-long-name.example.org:9092" for number in range(3))
    out = cli("config", "show", "--broker", broker, "--data-dir", "run/x [/red]/y", "--app-id", "[red]\x1b[2J").out
    for value in (broker, "run/x [/red]/y", "[red]\N{REPLACEMENT CHARACTER}[2J"):
        assert value in out


def test_the_longest_prefix_leaves_room_for_every_topic() -> None:
    settings = Settings(prefix="x" * LONGEST_PREFIX)
    assert max(len(settings.topic(name)) for name in TOPICS) == 249

"""The deployment files against the code: every setting, command and port in them exists."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from streamrec.broker.jars import KAFKA_VERSION
from streamrec.broker.properties import MESSAGE_BYTES
from streamrec.cli.main import COMMANDS, app
from streamrec.settings import PREFIX, Settings, load

DEPLOY = Path(__file__).parent.parent / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (DEPLOY / "Dockerfile").read_text()


def settings_of(environment: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}


def test_every_variable_of_the_services_is_a_setting_with_a_value_that_it_takes(compose: dict[str, Any]) -> None:
    for service in ("worker", "learner", "simulator"):
        named = settings_of(compose["services"][service]["environment"])
        assert set(named) <= set(Settings.model_fields)
        loaded = load(**named)
        assert loaded.broker == "kafka:9092"


def test_every_variable_of_the_image_is_a_setting(dockerfile: str) -> None:
    named = dict(re.findall(rf"({PREFIX}[A-Z_]+)=(\S+)", dockerfile))
    assert named
    load(**settings_of(named))


def test_every_service_runs_a_command_whose_flags_exist(compose: dict[str, Any], dockerfile: str) -> None:
    assert 'ENTRYPOINT ["streamrec"]' in dockerfile
    image_command = re.search(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)
    assert image_command
    lines = [yaml.safe_load(image_command[1]), *(compose["services"][name]["command"] for name in ("worker", "learner", "simulator"))]
    for line in lines:
        assert line[0] in COMMANDS
        # With --help every flag before it is parsed and the command is not run.
        done = CliRunner().invoke(app, [*line, "--help"])
        assert done.exit_code == 0, done.output
        for flag in (word for word in line if word.startswith("--")):
            assert flag in done.output


def test_the_worker_is_reached_at_the_port_of_its_settings(compose: dict[str, Any], dockerfile: str) -> None:
    worker = compose["services"]["worker"]
    port = load(**settings_of(worker["environment"])).web_port
    assert port == Settings.model_fields["web_port"].default
    assert worker["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"http://127.0.0.1:{port}/ready" in shlex.join(worker["healthcheck"]["test"])
    assert f"EXPOSE {port}" in dockerfile


def test_the_health_check_asks_the_worker_past_every_proxy(compose: dict[str, Any]) -> None:
    kind, _, *line = compose["services"]["worker"]["healthcheck"]["test"]
    assert kind == "CMD"
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"), "http://127.0.0.1:1")

    async def check(status: int) -> int:
        async def ready(request: web.Request) -> web.Response:
            return web.Response(status=status)

        app = web.Application()
        app.router.add_get("/ready", ready)
        async with TestServer(app) as server:
            here = [word.replace(":6066/", f":{server.port}/") for word in line]
            process = await asyncio.create_subprocess_exec(sys.executable, *here, cwd=DEPLOY.parent, env=os.environ | proxies)
            return await process.wait()

    assert [asyncio.run(check(status)) for status in (200, 503)] == [0, 1]


def test_the_image_is_built_from_exact_versions_and_with_its_own_tools(dockerfile: str) -> None:
    assert "--require-hashes -r requirements.txt" in dockerfile
    assert "--no-deps --no-build-isolation ." in dockerfile, "what builds streamrec is locked, too"


def test_without_a_token_of_the_callers_the_page_is_closed(compose: dict[str, Any]) -> None:
    environment = compose["services"]["worker"]["environment"]
    assert environment["STREAMREC_WEB_TOKEN"] is None, "it is passed through where it is set, and unset otherwise"
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), "only this machine reaches the ports"


def test_our_containers_may_do_little(compose: dict[str, Any], dockerfile: str) -> None:
    for name in ("worker", "learner", "simulator"):
        service = compose["services"][name]
        assert (service["read_only"], service["cap_drop"], service["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert re.search(r"^USER 1000$", dockerfile, re.MULTILINE), "a number: Kubernetes then knows that it is not root"


def test_the_state_outlives_the_container(compose: dict[str, Any], dockerfile: str) -> None:
    worker = compose["services"]["worker"]
    folder = str(load(**settings_of(worker["environment"])).data_dir)
    assert f"worker:{folder}" in worker["volumes"]
    assert "worker" in compose["volumes"]
    assert f"VOLUME {folder}" in dockerfile


def test_kafka_is_the_one_that_the_tests_run_on(compose: dict[str, Any]) -> None:
    kafka = compose["services"]["kafka"]
    assert kafka["image"] == f"${{KAFKA_IMAGE:-apache/kafka:{KAFKA_VERSION}}}"
    assert kafka["environment"]["KAFKA_MESSAGE_MAX_BYTES"] == MESSAGE_BYTES


def test_the_image_copies_only_what_is_there(dockerfile: str) -> None:
    for line in re.findall(r"^COPY (.+)$", dockerfile, re.MULTILINE):
        *sources, _ = line.split()
        assert all((DEPLOY.parent / source).exists() for source in sources)

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamrec.operations.chat import chat
from streamrec.understanding.points.claims import read_claims
from streamrec.understanding.points.grounding import sources, ungrounded
from streamrec.understanding.points.points import points
from streamrec.understanding.points.writer import LONGEST, template, written
from tests.understanding.answers.asking import KETTLE, LAMP

CLAIMS = read_claims()
POINTS = points(KETTLE, CLAIMS, "zh", most=9)


class Model(ThreadingHTTPServer):
    """An endpoint that says what it is told to say."""

    daemon_threads = True
    said: bytes = b""
    status = 200
    asked: dict[str, Any]
    headers: dict[str, str]

    def says(self, text: str) -> None:
        self.said = json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        self.server.headers = {"path": self.path, **dict(self.headers)}
        self.server.asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.said)))
        self.end_headers()
        self.wfile.write(self.server.said)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with Model(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_model_that_says_what_the_item_says_is_taken(model: Model) -> None:
    model.says("它的容量是1.7L，水开自动断电。")
    told = written(KETTLE, POINTS, "zh", CLAIMS, chat(model.url, "small", "secret"))
    assert (told.text, told.by, told.refused) == ("它的容量是1.7L，水开自动断电。", "model", ())
    assert model.asked["model"] == "small"
    assert KETTLE.title in model.asked["messages"][1]["content"]
    assert (model.headers["path"], model.headers["Authorization"]) == ("/v1/chat/completions", "Bearer secret")


LIES = st.one_of(
    st.builds("容量{}L。".format, st.integers(2, 99)),
    st.builds("容量1.7{}。".format, st.sampled_from(["kg", "W", "毫升", "米"])),
    st.sampled_from(
        [
            "采用德国技术。",
            "可以治疗失眠。",
            "全网最低价。",
            "水开不会断电。",
            "保修两百年。",
            "比美的好。",
            "已售十万件。",
            "The best kettle.",
        ]
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lies=st.lists(LIES, min_size=1, max_size=3),
    truths=st.lists(st.sampled_from(["水开自动断电。", "颜色有墨绿。", "功率为1800W。"]), max_size=3),
    data=st.data(),
)
def test_a_model_that_lies_once_is_not_taken(model: Model, lies: list[str], truths: list[str], data: st.DataObject) -> None:
    model.says("".join(data.draw(st.permutations([*lies, *truths]))))
    told = written(KETTLE, POINTS, "zh", CLAIMS, chat(model.url, "liar"))
    assert (told.by, told.text) == ("template", template(POINTS, "zh"))
    assert told.refused


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text("容量1.7L保修两年不锈钢自动断电，。 3080W最好", max_size=30) | st.text(max_size=30))
def test_whatever_a_model_says_the_text_is_grounded(model: Model, text: str) -> None:
    model.says(text)
    told = written(KETTLE, POINTS, "zh", CLAIMS, chat(model.url, "any"))
    assert ungrounded(told.text, sources(KETTLE, CLAIMS), CLAIMS) == []


@pytest.mark.parametrize("said", [b"", b"no json", b"[]", b"{}", b'{"choices": []}', b'{"choices": [{"message": {"content": 3}}]}'])
def test_an_endpoint_that_answers_nonsense_costs_its_words_alone(model: Model, said: bytes) -> None:
    model.said, model.status = said, 200
    assert written(KETTLE, POINTS, "zh", CLAIMS, chat(model.url, "any")).by == "template"


def test_an_endpoint_that_fails_or_says_too_much_or_is_away_costs_its_words_alone(model: Model) -> None:
    model.status = 500
    assert "500" in written(KETTLE, POINTS, "zh", CLAIMS, chat(model.url, "any")).refused[0]
    model.says("保修两年。" * LONGEST)
    assert written(KETTLE, POINTS, "zh", CLAIMS, chat(model.url, "any")).by == "template"
    assert written(KETTLE, POINTS, "zh", CLAIMS, chat("http://127.0.0.1:9/v1", "any", timeout_s=1)).by == "template"


@pytest.mark.parametrize("endpoint", ["ftp://x", "localhost:8000", "http://user:pass@host/v1"])
def test_an_address_that_is_no_server_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="endpoint"):
        chat(endpoint, "any")


def test_without_points_nothing_is_asked(model: Model) -> None:
    model.says("1.7L")
    assert written(LAMP, [], "en", CLAIMS, chat(model.url, "any")).text == ""

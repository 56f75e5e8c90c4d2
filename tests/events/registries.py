"""A schema registry as Confluent's answers, and events in its frame."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

import fastavro

from streamrec.errors import BadEvent
from streamrec.events.registry import SchemaAwaited, usable


class Registry:
    """Answers `GET /schemas/ids/ID`; `broken` are statuses that it answers with instead, `moved` where they lead, `asked` what came."""

    def __init__(self, url: str, schemas: dict[int, Any]) -> None:
        self.url = url
        self.schemas = schemas
        self.broken: list[int] = []
        self.moved = ""
        self.asked: list[tuple[str, str | None]] = []

    def answer(self, path: str, authorization: str | None) -> tuple[int, dict[str, Any]]:
        self.asked.append((path, authorization))
        if self.broken:
            return self.broken.pop(), {"message": "not now"}
        found = self.schemas.get(int(path.rpartition("/")[2]))
        if found is None:
            return 404, {"error_code": 40403, "message": "Schema not found"}
        return 200, found if "schema" in found else {"schema": json.dumps(found)}


@contextmanager
def serving(schemas: dict[int, Any]) -> Iterator[Registry]:
    """A registry that runs in a thread; a schema is Avro, or what it answers as a whole when that has a field `schema`."""
    registry = Registry("", schemas)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = registry.answer(self.path, self.headers["Authorization"])
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            if registry.moved:
                self.send_header("Location", registry.moved)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Schemas:
    """Writer schemas that are known without asking."""

    def __init__(self, schemas: dict[int, Any]) -> None:
        self._schemas = {number: usable(number, schema) for number, schema in schemas.items()}

    def avro(self, schema_id: int) -> Any:
        if schema_id not in self._schemas:
            raise BadEvent("unknown_schema", "there is none")
        return self._schemas[schema_id]

    def settled(self, schema_id: int) -> bool:
        return True


class LateSchemas:
    """Writer schemas that are known from when `answers` is set."""

    def __init__(self, schemas: dict[int, Any]) -> None:
        self.answers = False
        self._schemas = Schemas(schemas)

    def avro(self, schema_id: int) -> Any:
        if not self.answers:
            raise SchemaAwaited(schema_id)
        return self._schemas.avro(schema_id)

    def settled(self, schema_id: int) -> bool:
        return self.answers


def framed(schema_id: int, schema: Any, record: dict[str, Any]) -> bytes:
    """The record in Avro behind Confluent's frame."""
    body = BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(schema), record)
    return b"\0" + schema_id.to_bytes(4, "big") + body.getvalue()

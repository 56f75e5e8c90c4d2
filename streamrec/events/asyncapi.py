"""An AsyncAPI 3.1 document of all public topics, made from the wire types and the table of topics."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from streamrec.events.avro import avro_schema
from streamrec.events.cloud_events import CLOUD_EVENT_HEADERS
from streamrec.events.codec import INPUTS, REASONS
from streamrec.events.dead_letters import CONTEXT, PREFIX
from streamrec.events.json_schema import schema_hook
from streamrec.events.topics import TOPICS
from streamrec.events.types import WIRE_TYPES
from streamrec.settings import Settings
from streamrec.version import __version__

VERSION = "3.1.0"
KAFKA_BINDING = "0.5.0"
# The name of Avro as a schema format in AsyncAPI's specification, which lists this version.
AVRO = "application/vnd.apache.avro;version=1.9.0"
SCHEMAS = "#/components/schemas/"
LISTS, DEAD_LETTERS = "recommendations", "dead-letters"

Document = dict[str, Any]


def asyncapi(topic_name: str | None = None) -> Document:
    """The document of all public topics, or of `topic_name` alone.

    It takes streamrec's side: streamrec receives what others write, as JSON or as Avro behind Confluent's frame, and sends lists and
    dead letters.
    """
    names = [name for name in (*WIRE_TYPES, DEAD_LETTERS) if topic_name in (None, name)]
    schemas = _schemas(names)
    messages: Document = {}
    for name in names:
        messages |= _messages(name)
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "streamrec",
            "version": __version__,
            "description": "Real-time recommendations for live commerce: events in, ranked lists out.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": _server()},
        "channels": {name: _channel(name, messages) for name in names},
        "operations": {("receive" if name in INPUTS else "send") + _title(name): _operation(name) for name in names},
        "components": {"schemas": schemas, "messages": messages},
    }


def _server() -> Document:
    default = Settings.model_fields["broker"].default
    broker = {"default": default, "description": "Bootstrap servers; the setting `broker`."}
    return {"host": "{broker}", "protocol": "kafka", "variables": {"broker": broker}}


def _channel(name: str, messages: Document) -> Document:
    topic, fields = TOPICS[name], Settings.model_fields
    config = {key: int(value) if value.isdigit() else value for key, value in topic.config.items()}
    kafka = {
        "topic": _address(name),
        "partitions": fields["partitions"].default if topic.keyed else 1,
        "replicas": fields["replication_factor"].default,
        "topicConfiguration": {"cleanup.policy": [topic.cleanup], **config},
        "bindingVersion": KAFKA_BINDING,
    }
    own = {title: {"$ref": f"#/components/messages/{title}"} for title in messages if title.removesuffix("Avro") == _message(name)}
    return {"address": _address(name), "description": _about(name), "messages": own, "bindings": {"kafka": kafka}}


def _operation(name: str) -> Document:
    return {"action": "receive" if name in INPUTS else "send", "channel": {"$ref": f"#/channels/{name}"}, "summary": _about(name)}


def _messages(name: str) -> Document:
    """The messages of a topic: JSON, and Avro where streamrec reads it."""
    title = _message(name)
    key = {"type": "string", "description": f"The {TOPICS[name].key} of the value, in UTF-8; murmur2 gives the partition."}
    if name == DEAD_LETTERS:
        headers = {"type": "object", "required": sorted(PREFIX + name for name in CONTEXT if name != "cut"), "properties": _context()}
        binding = {"key": {"description": "The key as it was read."}, "bindingVersion": KAFKA_BINDING}
        return {title: {"title": title, "summary": _about(name), "headers": headers, "bindings": {"kafka": binding}}}
    kafka = {"key": key, "bindingVersion": KAFKA_BINDING}
    message: Document = {"name": title, "title": title, "summary": _about(name), "contentType": "application/json"}
    message |= {"payload": {"$ref": SCHEMAS + title}, "bindings": {"kafka": kafka}}
    if name == LISTS:
        texts = {key: {"type": "string", "description": text} for key, text in CLOUD_EVENT_HEADERS.items()}
        return {title: message | {"headers": {"type": "object", "properties": texts}}}
    if name not in INPUTS:
        return {title: message}
    framed = {"schemaIdLocation": "payload", "schemaIdPayloadEncoding": "confluent"}
    avro = message | {
        "contentType": "application/vnd.apache.avro",
        "payload": {"schemaFormat": AVRO, "schema": avro_schema(name)},
        "bindings": {"kafka": kafka | framed},
    }
    return {title: message, f"{title}Avro": avro}


def _context() -> Document:
    texts: Document = {PREFIX + name: {"type": "string", "description": text} for name, text in CONTEXT.items()}
    texts[PREFIX + "reason"] |= {"enum": list(REASONS)}
    return texts


def _schemas(names: list[str]) -> Document:
    """All types in AsyncAPI's own dialect, which is JSON Schema draft 7: tuples are lists of `items` there."""
    wanted = [WIRE_TYPES[name] for name in names if name in WIRE_TYPES]
    _, parts = msgspec.json.schema_components(wanted, schema_hook=schema_hook, ref_template=SCHEMAS + "{name}")
    return {name: _draft_7(part) for name, part in sorted(parts.items())}


def _draft_7(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_draft_7(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "prefixItems" in schema:
        schema = {"items" if key == "prefixItems" else key: value for key, value in schema.items() if key != "items"}
    return {key: _draft_7(value) for key, value in schema.items()}


def _about(name: str) -> str:
    if name == DEAD_LETTERS:
        return "Events that could not be used: key and value as they were read, byte for byte, and in headers why."
    return inspect.getdoc(WIRE_TYPES[name]) or ""


def _address(name: str) -> str:
    return str(Settings.model_fields["prefix"].default) + name


def _message(name: str) -> str:
    return WIRE_TYPES[name].__name__ if name in WIRE_TYPES else "DeadLetter"


def _title(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))

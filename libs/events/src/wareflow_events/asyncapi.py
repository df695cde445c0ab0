"""The AsyncAPI 3.0 document of all events, made from the registry; it is what a partner reads.

`python -m wareflow_events.asyncapi > asyncapi.json`
"""

import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any, TypeAlias

import orjson
from pydantic.json_schema import models_json_schema

from wareflow_events.envelope import source_of
from wareflow_events.event import Event, Kind, Topic
from wareflow_events.schemas import house_events

Node: TypeAlias = dict[str, Any]

_BINDING = "0.5.0"
_KINDS = {
    Kind.STATE: "The whole state of one thing each time it changes; kept for ever.",
    Kind.FACT: "What happened to one thing; kept for ever.",
    Kind.ACTIVITY: "What visitors did; kept 90 days.",
    Kind.CONTACT: "Restricted: personal data for those who must write to the customer; kept 72 h.",
}
_ABOUT = """Events of Wareflow, an open commerce backend.

Every event is a CloudEvent 1.0 in Kafka's binary mode: its attributes are record headers, its data
is the record's value. Records of one key are in order, and `ce_sequence` numbers them 1, 2, 3, ...
without gaps. An event may be delivered more than once, with the same `ce_id`. Within a version
schemas only grow by optional fields; ignore those you do not know."""


def document(events: Sequence[type[Event]]) -> Node:
    """The document of these events."""
    topics = {event.TOPIC.name: event.TOPIC for event in events}
    payloads, definitions = models_json_schema(
        [(event, "validation") for event in events],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "asyncapi": "3.0.0",
        "id": "urn:wareflow:events",
        "info": {
            "title": "Wareflow events",
            "version": metadata.version("wareflow-events"),
            "description": _ABOUT,
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(topic, events) for name, topic in sorted(topics.items())},
        "operations": {f"send.{name}": _operation(topic) for name, topic in sorted(topics.items())},
        "components": {
            "messages": {
                event.TYPE: _message(event, payloads[event, "validation"]) for event in events
            },
            "schemas": definitions["$defs"],
        },
    }


def _channel(topic: Topic, events: Sequence[type[Event]]) -> Node:
    mine = [event for event in events if event.TOPIC is topic]
    return {
        "address": topic.name,
        "title": topic.name,
        "description": f"{_KINDS[topic.kind]} Its key is `{topic.key}`.",
        "messages": {e.TYPE: {"$ref": f"#/components/messages/{e.TYPE}"} for e in mine},
        "tags": [{"name": topic.service}, {"name": topic.kind.value}],
        "bindings": {"kafka": _kafka_topic(topic)},
    }


def _kafka_topic(topic: Topic) -> Node:
    keep = topic.retention
    milliseconds = -1 if keep is None else int(keep.total_seconds() * 1000)
    return {
        "topic": topic.name,
        "partitions": topic.partitions,
        "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": milliseconds},
        "bindingVersion": _BINDING,
    }


def _operation(topic: Topic) -> Node:
    return {
        "action": "send",
        "title": f"{topic.service} tells of a {topic.name.split('.')[2]}",
        "channel": {"$ref": f"#/channels/{topic.name}"},
    }


def _message(event: type[Event], payload: Node) -> Node:
    why = " ".join((event.__doc__ or "").split())
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": why,
        "contentType": "application/json",
        "headers": _headers(event),
        "payload": payload,
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"`{event.TOPIC.key}`, in lower case"},
                "bindingVersion": _BINDING,
            }
        },
    }


def _headers(event: type[Event]) -> Node:
    text: Node = {"type": "string"}
    headers: Node = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "A UUIDv7."},
        "ce_source": {"const": source_of(event.TOPIC.service)},
        "ce_type": {"const": event.TYPE},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": text,
        "ce_partitionkey": text | {"description": "The record's key."},
        "content-type": {"const": "application/json"},
    }
    if event.TOPIC.sequenced:
        headers["ce_sequence"] = {"type": "string", "pattern": "^[0-9]{20}$"}
    required = sorted(headers)
    headers["traceparent"] = text | {"description": "W3C trace context of this hop."}
    headers["ce_traceparent"] = text | {"description": "W3C trace context of the origin."}
    return {"type": "object", "required": required, "properties": headers}


def main() -> None:
    """Write the document of the house's events to standard output."""
    data = orjson.dumps(document(house_events()), option=orjson.OPT_INDENT_2)
    _ = sys.stdout.write(data.decode() + "\n")


if __name__ == "__main__":
    main()

"""The AsyncAPI document is valid and says what travels."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
import pytest

from wareflow_events.asyncapi import document
from wareflow_events.contract.service import a_customer_record, a_registration
from wareflow_events.event import topics
from wareflow_events.schemas import house_events
from wareflow_events.schemas.analytics import ActivityRecorded

SPECS = "@asyncapi/specs@6.11.1"
CACHE = Path(__file__).parents[3] / ".cache" / "asyncapi"
SCHEMA = CACHE / "node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return document(house_events())


@pytest.fixture(scope="module")
def official() -> dict[str, Any]:
    """The schema of AsyncAPI 3.0.0 as its authors publish it, by npm."""
    if not SCHEMA.exists():
        npm = shutil.which("npm")
        if npm is None and os.environ.get("CI") != "true":
            pytest.skip("no Node, whose npm would fetch the official AsyncAPI schema")
        assert npm is not None, "CI has to have Node for the official AsyncAPI schema"
        CACHE.mkdir(parents=True, exist_ok=True)
        options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        _ = subprocess.run([npm, "install", "--prefix", str(CACHE), *options, SPECS], check=True)
    return json.loads(SCHEMA.read_text())


def test_the_document_is_valid_by_the_official_schema(
    made: dict[str, Any], official: dict[str, Any]
) -> None:
    validator: Any = jsonschema.Draft7Validator(official)
    assert [error.message for error in validator.iter_errors(made)] == []


def test_the_official_schema_finds_faults(made: dict[str, Any], official: dict[str, Any]) -> None:
    wrong = made | {"operations": {"send.x": {"action": "shout"}}}
    validator: Any = jsonschema.Draft7Validator(official)
    assert not validator.is_valid(wrong)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():  # pyright: ignore[reportUnknownVariableType]
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:  # pyright: ignore[reportUnknownVariableType]
            yield from references(value)


def test_every_reference_leads_somewhere(made: dict[str, Any]) -> None:
    found = set(references(made))
    assert len(found) > 50
    for reference in found:
        node: Any = made
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_every_topic_is_a_channel_and_every_event_a_message_of_its_own(
    made: dict[str, Any],
) -> None:
    assert set(made["channels"]) == {topic.name for topic in topics()}
    assert set(made["components"]["messages"]) == {event.TYPE for event in house_events()}
    for event in house_events():
        assert event.TYPE in made["channels"][event.TOPIC.name]["messages"]
        assert made["components"]["messages"][event.TYPE]["title"] == event.__name__
        assert made["components"]["messages"][event.TYPE]["summary"]
    for operation in made["operations"].values():
        assert operation["action"] == "send"


def test_a_channel_says_how_its_topic_is_kept(made: dict[str, Any]) -> None:
    kept = {
        name.split(".", 1)[1]: (
            channel["bindings"]["kafka"]["partitions"],
            channel["bindings"]["kafka"]["topicConfiguration"]["retention.ms"],
        )
        for name, channel in made["channels"].items()
    }
    assert kept["orders.order"] == (12, -1)
    assert kept["orders.contact"] == (12, 259_200_000)
    assert kept["analytics.activity"] == (24, 7_776_000_000)


def test_a_record_is_as_its_message_says(made: dict[str, Any]) -> None:
    record = a_customer_record(uuid4(), sequence=3)
    message = made["components"]["messages"]["wareflow.crm.customer.registered.v1"]
    headers = {name: value.decode() for name, value in record.headers}
    jsonschema.validate(headers, message["headers"], jsonschema.Draft7Validator)
    payload = message["payload"] | {"components": made["components"]}
    jsonschema.validate(json.loads(record.value), payload, jsonschema.Draft7Validator)
    for name in message["headers"]["required"]:
        without = {key: value for key, value in headers.items() if key != name}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(without, message["headers"], jsonschema.Draft7Validator)


def test_only_sequenced_topics_promise_a_sequence(made: dict[str, Any]) -> None:
    messages = made["components"]["messages"]
    assert "ce_sequence" not in messages[ActivityRecorded.TYPE]["headers"]["properties"]
    assert "ce_sequence" in messages[a_registration(uuid4()).TYPE]["headers"]["required"]


def test_the_command_prints_the_document(made: dict[str, Any]) -> None:
    began = datetime.now(UTC)
    done = subprocess.run(
        [sys.executable, "-m", "wareflow_events.asyncapi"], capture_output=True, check=True
    )
    assert json.loads(done.stdout) == made
    assert (datetime.now(UTC) - began).total_seconds() < 60

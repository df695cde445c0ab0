"""CloudEvents 1.0 in Kafka's binary mode: attributes in `ce_` headers, the data as the value.

Written by hand because the official SDK takes four times as long and accepts a message without
an id (it invents one, and deduplication dies silently); the SDK is the oracle in the tests.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from wareflow_events.broker import Record
from wareflow_events.event import Event, event_class

_SPEC = b"1.0"
_JSON = b"application/json"
LONGEST_KEY = 1_000
"""Bytes; keys are ids, and are indexed wherever they are kept."""
_LAST_MOMENT = 253_402_300_799_999
"""Milliseconds, the end of the year 9999."""
_LARGEST_SEQUENCE = 2**63 - 1
_REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time")


class Malformed(ValueError):
    """A record is not a CloudEvent of ours; the message says what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event with what travels around it."""

    id: UUID
    type: str
    source: str
    time: datetime
    key: str
    data: bytes
    sequence: int | None = None
    """The event's number among those of its key, 1..n; None on activity topics."""
    traceparent: str | None = None

    @property
    def topic(self) -> str:
        """The topic that the type belongs to."""
        return ".".join(self.type.split(".")[:3])

    def open(self) -> Event:
        """The event inside; `UnknownEvent` or a pydantic `ValidationError` if it cannot be read."""
        return event_class(self.type).model_validate_json(self.data)


def source_of(service: str) -> str:
    """The CloudEvents source of a service."""
    return f"/wareflow/{service}"


def to_record(envelope: Envelope) -> Record:
    """The record that carries an envelope."""
    key = envelope.key.encode()
    time = envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    headers = [
        ("ce_specversion", _SPEC),
        ("ce_id", str(envelope.id).encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_time", time.encode()),
        ("ce_subject", key),
        ("ce_partitionkey", key),
        ("content-type", _JSON),
    ]
    if envelope.sequence is not None:
        headers.append(("ce_sequence", b"%020d" % envelope.sequence))
    if envelope.traceparent:
        traceparent = envelope.traceparent.encode()
        headers += [("traceparent", traceparent), ("ce_traceparent", traceparent)]
    return Record(envelope.topic, key, tuple(headers), envelope.data)


def from_record(record: Record) -> Envelope:
    """The envelope in a record; `Malformed` when it is not one of ours."""
    headers = _headers(record)
    missing = [name for name in _REQUIRED if not headers.get(name)]
    if missing:
        raise Malformed(f"missing {', '.join(missing)}")
    if headers["ce_specversion"] != "1.0":
        raise Malformed(f"specversion {headers['ce_specversion']!r} is not 1.0")
    try:
        sequence = headers.get("ce_sequence")
        envelope = Envelope(
            id=UUID(headers["ce_id"]),
            type=headers["ce_type"],
            source=headers["ce_source"],
            time=datetime.fromisoformat(headers["ce_time"]),
            key=record.key.decode(),
            data=record.value,
            sequence=int(sequence) if sequence else None,
            traceparent=headers.get("traceparent") or headers.get("ce_traceparent"),
        )
    except ValueError as error:
        raise Malformed(str(error)) from None
    _check(envelope, record)
    return envelope


def _headers(record: Record) -> dict[str, str]:
    given = [value for _, value in record.headers]
    try:
        _ = record.key.decode()
        # All at once: one call instead of one for each header of each record.
        values = b"\x00".join(given).decode().split("\x00")
        if len(values) != len(given):  # one of them holds what parts them
            values = [value.decode() for value in given]
    except UnicodeDecodeError as error:
        raise Malformed(f"a header or the key is not UTF-8: {error}") from None
    return dict(zip([name.lower() for name, _ in record.headers], values, strict=True))


def _check(envelope: Envelope, record: Record) -> None:
    if envelope.id.version != 7:
        raise Malformed(f"id {envelope.id} is not a UUIDv7")
    if envelope.id.int >> 80 > _LAST_MOMENT:
        raise Malformed(f"id {envelope.id} was made after the last year there is")
    if len(record.key) > LONGEST_KEY:
        raise Malformed(f"the key has {len(record.key):,} bytes")
    if envelope.sequence is not None and not 0 <= envelope.sequence <= _LARGEST_SEQUENCE:
        raise Malformed("the sequence is no number of an event")
    if envelope.time.tzinfo is None:
        raise Malformed(f"time {envelope.time.isoformat()} has no zone")
    if envelope.topic != record.topic:
        raise Malformed(f"type {envelope.type!r} does not belong on topic {record.topic!r}")

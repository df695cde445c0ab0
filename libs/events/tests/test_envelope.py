"""Events travel as CloudEvents 1.0 in Kafka's binary mode; the official SDK is the oracle."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from wareflow_events.broker import Record
from wareflow_events.contract.service import a_registration
from wareflow_events.envelope import Envelope, Malformed, from_record, source_of, to_record
from wareflow_events.event import UnknownEvent
from wareflow_events.ids import new_id
from wareflow_events.schemas.crm import CustomerRegistered

AT = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def an_envelope(**changes: Any) -> Envelope:
    customer = a_registration(uuid4())
    parts: dict[str, Any] = {
        "id": new_id(at=AT),
        "type": customer.TYPE,
        "source": source_of("crm"),
        "time": AT,
        "key": customer.key,
        "data": customer.model_dump_json().encode(),
        "sequence": 7,
        "traceparent": TRACE,
    }
    return Envelope(**parts | changes)


def changed(record: Record, **headers: bytes | None) -> Record:
    """The record with headers replaced, or dropped where None."""
    kept = [(name, value) for name, value in record.headers if name not in headers]
    new = [(name, value) for name, value in headers.items() if value is not None]
    return Record(record.topic, record.key, (*kept, *new), record.value)


envelopes = st.builds(
    an_envelope,
    time=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])),
    key=st.text(min_size=1, max_size=40),
    sequence=st.none() | st.integers(min_value=1, max_value=2**63 - 1),
    traceparent=st.none() | st.just(TRACE),
    data=st.binary(max_size=50),
)


@given(envelopes)
def test_what_is_written_is_read(envelope: Envelope) -> None:
    assert from_record(to_record(envelope)) == envelope


def test_the_sdk_reads_what_we_write() -> None:
    envelope = an_envelope()
    record = to_record(envelope)
    headers = dict(record.headers)
    read = from_binary_event(KafkaMessage(headers, record.key, record.value), JSONFormat())
    assert read.get_id() == str(envelope.id)
    assert read.get_source() == "/wareflow/crm"
    assert read.get_type() == envelope.type
    assert read.get_time() == envelope.time
    assert read.get_subject() == envelope.key
    assert read.get_datacontenttype() == "application/json"
    assert read.get_extension("partitionkey") == envelope.key == record.key.decode()
    assert read.get_extension("sequence") == "00000000000000000007"
    assert read.get_extension("traceparent") == TRACE
    assert CustomerRegistered.model_validate(read.get_data()) == envelope.open()


def test_we_read_what_the_sdk_writes() -> None:
    envelope = an_envelope()
    attributes = {
        "id": str(envelope.id),
        "source": envelope.source,
        "type": envelope.type,
        "specversion": "1.0",
        "time": envelope.time,
        "subject": envelope.key,
        "datacontenttype": "application/json",
        "partitionkey": envelope.key,
        "sequence": "00000000000000000007",
        "traceparent": TRACE,
    }
    event = CloudEvent(attributes, envelope.open().model_dump(mode="json"))
    message = to_binary_event(event, JSONFormat())
    assert message.key is not None
    key = message.key if isinstance(message.key, bytes) else message.key.encode()
    record = Record("wareflow.crm.customer", key, tuple(message.headers.items()), message.value)
    read = from_record(record)
    assert read.open() == envelope.open()
    assert (read.id, read.time, read.key, read.sequence, read.traceparent) == (
        envelope.id,
        envelope.time,
        envelope.key,
        7,
        TRACE,
    )


def test_the_trace_goes_on_by_the_hop_and_keeps_its_origin() -> None:
    headers = dict(to_record(an_envelope()).headers)
    assert headers["traceparent"] == headers["ce_traceparent"] == TRACE.encode()
    origin_only = changed(to_record(an_envelope()), traceparent=None)
    assert from_record(origin_only).traceparent == TRACE


def test_sequences_sort_as_text() -> None:
    headers = [
        dict(to_record(an_envelope(sequence=n)).headers)["ce_sequence"] for n in (9, 10, 100)
    ]
    assert headers == sorted(headers)


def test_header_names_are_read_in_any_case() -> None:
    record = to_record(an_envelope())
    loud = tuple((name.upper(), value) for name, value in record.headers)
    assert from_record(Record(record.topic, record.key, loud, record.value)) == from_record(record)


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"])
def test_a_required_attribute_is_never_invented(name: str) -> None:
    for value in (None, b""):
        with pytest.raises(Malformed, match=f"missing {name}"):
            _ = from_record(changed(to_record(an_envelope()), **{name: value}))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ce_specversion", b"0.3", "specversion"),
        ("ce_id", b"42", "badly formed"),
        ("ce_id", b"6b1c7dd6-3b1c-4c0e-9d26-1f2f4d0c9a3e", "not a UUIDv7"),
        ("ce_id", b"\xff\xfe", "not UTF-8"),
        ("ce_time", b"yesterday", "yesterday"),
        ("ce_time", b"2026-03-04T05:06:07", "no zone"),
        ("ce_id", b"ffffffff-ffff-7fff-bfff-ffffffffffff", "after the last year"),
        ("ce_sequence", b"many", "many"),
        ("ce_sequence", b"-1", "no number"),
        ("ce_sequence", b"9" * 20, "no number"),
        ("ce_type", b"wareflow.orders.order.placed.v1", "does not belong on topic"),
    ],
)
def test_what_is_no_event_of_ours_is_malformed(name: str, value: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        _ = from_record(changed(to_record(an_envelope()), **{name: value}))


def test_a_key_that_is_not_text_is_malformed() -> None:
    record = to_record(an_envelope())
    with pytest.raises(Malformed, match="not UTF-8"):
        _ = from_record(Record(record.topic, b"\xff", record.headers, record.value))


def test_a_key_without_end_is_malformed() -> None:
    record = to_record(an_envelope())
    with pytest.raises(Malformed, match="1,001 bytes"):
        _ = from_record(Record(record.topic, b"k" * 1001, record.headers, record.value))


def test_structured_mode_is_not_ours() -> None:
    headers = (("content-type", b"application/cloudevents+json"),)
    with pytest.raises(Malformed, match="missing ce_specversion"):
        _ = from_record(Record("wareflow.crm.customer", b"key", headers, b"{}"))


@given(
    st.lists(
        st.tuples(st.sampled_from([n for n, _ in to_record(an_envelope()).headers]), st.binary())
    ),
    st.binary(),
    st.binary(),
)
def test_rubbish_is_malformed_and_nothing_else(
    headers: list[tuple[str, bytes]], key: bytes, value: bytes
) -> None:
    with pytest.raises(Malformed):
        _ = from_record(Record("wareflow.crm.customer", key, tuple(headers), value))


def test_opening_tells_unknown_types_and_unreadable_data() -> None:
    with pytest.raises(UnknownEvent):
        _ = an_envelope(type="wareflow.crm.customer.flown.v1").open()
    for data in (b"", b"{", b'{"customer_id": "42"}'):
        with pytest.raises(ValidationError):
            _ = an_envelope(data=data).open()


def test_an_id_is_read_as_a_uuid() -> None:
    assert isinstance(from_record(to_record(an_envelope())).id, UUID)

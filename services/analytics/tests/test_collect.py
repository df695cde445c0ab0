"""Collecting activities."""

from datetime import timedelta
from uuid import uuid4

import httpx

from analytics.testing import an_activity
from wareflow_events.schemas.analytics import ActivityRecorded
from wareflow_kit.service import Service
from wareflow_kit.testing import client, published

from .conftest import NOON


async def test_good_activities_are_told_once_however_often_they_are_sent(
    http: httpx.AsyncClient, service: Service
) -> None:
    events = [an_activity(at=NOON), an_activity(at=NOON, name="page_view", items=[])]
    first = await http.post("/analytics/v1/collect", json={"events": events})
    again = await http.post("/analytics/v1/collect", json={"events": [*events, events[0]]})
    assert first.status_code == 202
    assert first.json() == {"accepted": 2, "duplicates": 0, "rejected": []}
    assert again.json() == {"accepted": 0, "duplicates": 3, "rejected": []}
    told = await published(service.engine)
    assert {type(event) for event in told} == {ActivityRecorded}
    assert {str(e.activity_id) for e in told if isinstance(e, ActivityRecorded)} == {
        str(event["event_id"]) for event in events
    }


async def test_a_bad_activity_is_kept_with_its_reason_and_the_others_count(
    http: httpx.AsyncClient, service: Service
) -> None:
    late = an_activity(at=NOON - timedelta(days=31))
    early = an_activity(at=NOON + timedelta(hours=1))
    nameless = an_activity(at=NOON, name="View Item!")
    answer = await http.post(
        "/analytics/v1/collect",
        json={"events": [late, early, nameless, "not even an object", an_activity(at=NOON)]},
    )
    body = answer.json()
    assert body["accepted"] == 1
    assert [r["index"] for r in body["rejected"]] == [0, 1, 2, 3]
    assert "30 days ago" in body["rejected"][0]["reason"]
    assert body["rejected"][2]["reason"].startswith("name: ")
    async with service.engine.connect() as connection:
        kept = await connection.exec_driver_sql("SELECT reason, body FROM bad_activity")
        assert len(kept.all()) == 4


async def test_a_null_byte_in_a_bad_activity_does_not_lose_the_batch(
    http: httpx.AsyncClient,
) -> None:
    answer = await http.post(
        "/analytics/v1/collect", json={"events": ["a\u0000b", an_activity(at=NOON)]}
    )
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1


async def test_anybody_may_collect_but_only_staff_reads(service: Service) -> None:
    async with client(service) as guest:
        sent = await guest.post("/analytics/v1/collect", json={"events": [an_activity(at=NOON)]})
        assert sent.status_code == 202
        assert (await guest.get("/analytics/v1/sales")).status_code == 401


async def test_a_batch_over_the_limit_is_refused_whole(
    http: httpx.AsyncClient, service: Service
) -> None:
    events = [{"event_id": str(uuid4())} for _ in range(501)]
    answer = await http.post("/analytics/v1/collect", json={"events": events})
    assert answer.status_code == 413
    assert answer.json()["type"].endswith("batch-too-large")

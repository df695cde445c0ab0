"""`POST /analytics/v1/collect`: activities from storefronts, in batches."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, JsonValue

from analytics.settings import MOST_EVENTS, Settings
from analytics.usecases.collect import collect as collect_batch
from wareflow_kit.refusals import PayloadTooLarge
from wareflow_kit.web.access import ANYBODY
from wareflow_kit.web.deps import Tx
from wareflow_kit.web.limits import limited
from wareflow_kit.web.problems import refusals


class Batch(BaseModel):
    """Activities as the storefront saw them; each is judged by itself."""

    events: Annotated[
        list[JsonValue],
        Field(
            min_length=1,
            max_length=MOST_EVENTS,
            examples=[
                [
                    {
                        "event_id": "01920000-0000-7000-8000-000000000001",
                        "name": "view_item",
                        "visitor_id": "v-1",
                        "session_id": "s-1",
                        "occurred_at": "2026-11-23T12:00:00Z",
                        "items": [{"item_id": "TEE-M"}],
                    }
                ]
            ],
        ),
    ]


class Rejected(BaseModel):
    """An activity that was not understood; it is kept with this reason."""

    index: int = Field(description="Its place in the batch, from 0")
    reason: str


class Receipt(BaseModel):
    """What became of the batch."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


class BatchTooLarge(PayloadTooLarge):
    """Send fewer events at once."""


def router(settings: Settings) -> APIRouter:
    """The endpoint, with this shop's limits."""
    routes = APIRouter(prefix="/analytics/v1", tags=["collect"])
    limit = limited("collect", times=settings.collect_per_minute, per=60)

    @routes.post(
        "/collect",
        status_code=202,
        summary="Collect activities",
        dependencies=[Depends(ANYBODY), Depends(limit)],
        responses=refusals(BatchTooLarge),
    )
    async def collect(batch: Batch, tx: Tx) -> Receipt:
        """Store what visitors did. The good ones count even when others are rejected; sending
        an activity again (same `event_id`) changes nothing."""
        if len(batch.events) > settings.collect_limit:
            raise BatchTooLarge(f"at most {settings.collect_limit} events in one batch")
        result = await collect_batch(tx, batch=batch.events)
        return Receipt(
            accepted=result.accepted,
            duplicates=result.duplicates,
            rejected=[Rejected(index=r.index, reason=r.reason) for r in result.rejected],
        )

    _ = collect
    return routes

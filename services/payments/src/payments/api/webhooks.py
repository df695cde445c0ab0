"""`/payments/v1/webhooks`: what the gateway posts to us, and what became of it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, JsonValue

from payments.api.intake import Crowded, Intake, TooSlow
from payments.api.shapes import Shown
from payments.gateways.gateway import Webhooks
from payments.model import WebhookEvent
from payments.model.webhook import ForgedWebhook, Notice, Subject, UnknownWebhook, WrongMode
from payments.usecases.metrics import REFUSED_WEBHOOKS
from payments.usecases.receive_webhook import receive_webhook
from payments.usecases.replay_webhook import replay_webhook
from payments.views.operations import list_webhooks
from wareflow_kit.auth import Principal
from wareflow_kit.refusals import PayloadTooLarge
from wareflow_kit.texts import Plain
from wareflow_kit.web.access import Sealed
from wareflow_kit.web.deps import Read, Tx, requires
from wareflow_kit.web.paging import After, Limit, Page, decode_cursor, page
from wareflow_kit.web.problems import refusals

router = APIRouter(prefix="/payments/v1/webhooks", tags=["webhooks"])


class Received(BaseModel):
    """The webhook is stored; `repeated` if it was before."""

    received: bool
    repeated: bool


class WebhookShown(Shown):
    """A webhook that was received. `payload` is what was signed, without the people in it."""

    id: str
    type: str
    livemode: bool
    subject: Subject
    subject_id: str | None
    payload: dict[str, JsonValue]
    created_at: datetime
    received_at: datetime
    applied_at: datetime | None
    apply_at: datetime | None
    attempts: int
    error: str | None


_EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "payment_intent.succeeded",
    "created": 1795730658,
    "livemode": False,
    "data": {"object": {"id": "pi_1", "object": "payment_intent", "status": "succeeded"}},
}
_SIGNATURE = APIKeyHeader(
    name="Stripe-Signature",
    scheme_name="stripe",
    auto_error=False,
    description="The gateway's signature of the body, with its time.",
)


async def verified(
    request: Request,
    _: Annotated[None, Depends(Sealed("stripe", otherwise=ForgedWebhook))],
    stripe_signature: Annotated[str | None, Depends(_SIGNATURE)],
) -> Notice:
    """What the body says, once the gateway's signature is checked; over the bytes as they came.

    A signature that fits no body is refused before any of the body is read.
    """
    webhooks: Webhooks = request.app.state.webhooks
    intake: Intake = request.app.state.intake
    now = request.app.state.transactions.clock()
    try:
        webhooks.look_at(stripe_signature, now=now)
        return webhooks.open(await intake.read(request), signature=stripe_signature, now=now)
    except (ForgedWebhook, WrongMode, Crowded, TooSlow) as refusal:
        REFUSED_WEBHOOKS.labels(refusal.slug).inc()
        raise


@router.post(
    "/stripe",
    summary="For the gateway: something happened",
    responses=refusals(ForgedWebhook, WrongMode, PayloadTooLarge, Crowded, TooSlow),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"type": "object", "additionalProperties": True},
                    "example": _EVENT,
                }
            },
        }
    },
)
async def receive_stripe_webhook(notice: Annotated[Notice, Depends(verified)], tx: Tx) -> Received:
    """Stored before it is acknowledged, applied afterwards; the same again changes nothing."""
    return Received(received=True, repeated=not await receive_webhook(tx, notice=notice))


@router.get("", summary="Webhooks, newest first", dependencies=[Depends(requires("payments:read"))])
async def list_all_webhooks(
    session: Read,
    failing: Annotated[bool, Query(description="Only what could not be applied")] = False,  # noqa: FBT002
    limit: Limit = 50,
    after: After = None,
) -> Page[WebhookShown]:
    """All that were signed by the gateway, also those that are not of our concern."""
    before = decode_cursor(after, datetime, str) if after else None
    rows = await list_webhooks(
        session, failing=failing, before=(before[0], before[1]) if before else None, limit=limit
    )
    return page(rows, limit=limit, render=_shown, key=lambda row: (row.received_at, row.id))


@router.post(
    "/{webhook_id}/replay",
    summary="Apply a webhook again",
    status_code=202,
    responses=refusals(UnknownWebhook),
)
async def replay_one_webhook(
    webhook_id: Annotated[Plain, Path(max_length=255)],
    tx: Tx,
    who: Annotated[Principal, Depends(requires("payments:write"))],
) -> WebhookShown:
    """Its object is read again at the gateway; what is known already changes nothing."""
    return _shown(await replay_webhook(tx, webhook_id=webhook_id, who=who))


def _shown(webhook: WebhookEvent) -> WebhookShown:
    return WebhookShown.model_validate(webhook)

"""Deliver webhooks: claim what is due, post it, note what came of it."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from wareflow_events.clock import Clock
from wareflow_sandbox.gateways.receivers import Receivers, Reply
from wareflow_sandbox.model.webhook import next_attempt
from wareflow_sandbox.model.webhook_faults import WebhookWeather
from wareflow_sandbox.store.deliveries import (
    BATCH,
    Delivery,
    Outcome,
    claim_deliveries,
    note_outcomes,
)


@dataclass(frozen=True)
class Postman:
    """Delivers what is due. No transaction is open while a receiver is waited for; a crash in
    between sends once more."""

    engine: AsyncEngine
    clock: Clock
    receivers: Receivers
    weather: WebhookWeather
    first_pause: timedelta
    """Before the first repetition."""

    async def deliver(self) -> bool:
        """One round; True when there may be more."""
        async with AsyncSession(self.engine) as session, session.begin():
            due = await claim_deliveries(session, now=self.clock())
        if not due:
            return False
        outcomes = await asyncio.gather(*(self._attempt(each) for each in due))
        async with AsyncSession(self.engine) as session, session.begin():
            await note_outcomes(session, outcomes)
        return len(due) == BATCH

    async def _attempt(self, delivery: Delivery) -> Outcome:
        if self.weather.loses(attempt=delivery.attempt):
            reply = Reply(ok=False, result="lost")
        else:
            reply = await self.receivers.post(
                url=delivery.url,
                payload=delivery.payload,
                secret=delivery.secret,
                at=self.clock(),
            )
        now = self.clock()
        again = next_attempt(
            attempts=delivery.attempt, first=self.first_pause, begun=delivery.begun, now=now
        )
        return Outcome(
            id=delivery.id,
            received=reply.ok,
            result=reply.result,
            due_at=again,
        )

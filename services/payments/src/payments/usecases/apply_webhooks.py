"""Apply webhooks: each is a hint to read its object again, and what is read is what counts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from payments import store
from payments.gateways.gateway import Gateway
from payments.model import Payment, WebhookEvent
from payments.model.bells import PAYMENT_CHANGED
from payments.model.intent import Contradiction, Declined, GatewayRefund
from payments.model.webhook import Subject
from payments.usecases.answers import Answer, No, NotRun, Told, Unclear, answer_of
from payments.usecases.metrics import WEBHOOKS
from payments.usecases.see_intents import note_declines, see_intents
from payments.usecases.see_refunds import see_refunds
from wareflow_events.failpoints import failpoint
from wareflow_events.faults import backoff
from wareflow_events.transaction import Transaction

_LONGEST_PAUSE = 3600.0

_NOT_READ = failpoint("webhook.claimed_not_read")
_NOT_RECORDED = failpoint("webhook.read_not_recorded")
_NOT_COMMITTED = failpoint("webhook.applied_not_committed")


@dataclass(frozen=True, slots=True)
class Hint:
    """Webhooks about one object; it is read once for all of them."""

    subject: Subject
    subject_id: str
    webhooks: tuple[str, ...]
    declined: tuple[Declined, ...]


class WebhookWork:
    """Webhooks, for a pump."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def claim(self, tx: Transaction, limit: int) -> Sequence[Hint]:
        """Take what is due, gathered by what it is about."""
        about: dict[tuple[Subject, str], list[WebhookEvent]] = defaultdict(list)
        for webhook in await store.due_webhooks(tx.session, now=tx.now, limit=limit):
            webhook.claim(now=tx.now)
            assert webhook.subject_id is not None
            about[webhook.subject, webhook.subject_id].append(webhook)
        return [
            Hint(
                subject,
                subject_id,
                tuple(each.id for each in webhooks),
                tuple(each.attempt_declined for each in webhooks if each.attempt_declined),
            )
            for (subject, subject_id), webhooks in about.items()
        ]

    async def call(self, job: Hint) -> Answer:
        """Read the object as it is now."""

        async def ask() -> Answer:
            if job.subject is Subject.REFUND:
                return Told(refund=await self._gateway.retrieve_refund(job.subject_id))
            return Told(intent=await self._gateway.retrieve_intent(job.subject_id))

        _NOT_READ.reach(job.subject)
        answer = await answer_of(ask)
        _NOT_RECORDED.reach(job.subject)
        return answer

    async def record(self, tx: Transaction, answered: Sequence[tuple[Hint, Answer]]) -> None:
        """Apply what was read; what could not be read is tried again later."""
        told = [(hint, answer) for hint, answer in answered if isinstance(answer, Told)]
        payments = await store.lock_payments(
            tx.session, {order for _, answer in told if (order := _order_of(answer))}
        )
        await _see_intents(tx, told, payments)
        await _see_refunds(tx, told, payments)
        reasons = {name: _reason(answer) for hint, answer in answered for name in hint.webhooks}
        for webhook in await store.lock_webhooks(tx.session, reasons.keys()):
            if (reason := reasons[webhook.id]) is None:
                webhook.applied(now=tx.now)
                tx.after_commit(WEBHOOKS.labels(webhook.type, "applied").inc)
            else:
                _fail(tx, webhook, reason)
        _NOT_COMMITTED.reach()
        tx.after_commit(PAYMENT_CHANGED.ring)

    async def spoil(self, tx: Transaction, job: Hint, error: str) -> None:
        """What was read cannot be: kept on the webhooks, tried again, shown."""
        for webhook in await store.lock_webhooks(tx.session, job.webhooks):
            _fail(tx, webhook, error)


async def _see_intents(
    tx: Transaction, told: Sequence[tuple[Hint, Told]], payments: dict[UUID, Payment]
) -> None:
    seen = [
        (hint, payment, answer.intent)
        for hint, answer in told
        if answer.intent and (payment := _payment_of(answer, payments))
    ]
    # A decline is a fact that does not age: it counts also when the object has moved on.
    await note_declines(
        tx, failed=[(payment, failed) for hint, payment, _ in seen for failed in hint.declined]
    )
    await see_intents(tx, seen=[(payment, intent) for _, payment, intent in seen])


async def _see_refunds(
    tx: Transaction, told: Sequence[tuple[Hint, Told]], payments: dict[UUID, Payment]
) -> None:
    said = [answer.refund for _, answer in told if answer.refund]
    refunds = await store.refunds_by_id(
        tx.session, {each.refund_id for each in said if each.refund_id}
    )
    await _refuse_unasked(tx, [each for each in said if each.refund_id not in refunds])
    await see_refunds(
        tx,
        seen=[
            (payment, refund, answer.refund)
            for _, answer in told
            if answer.refund
            and answer.refund.refund_id
            and (payment := _payment_of(answer, payments))
            and (refund := refunds.get(answer.refund.refund_id))
        ],
    )


async def _refuse_unasked(tx: Transaction, strangers: Sequence[GatewayRefund]) -> None:
    """Money of ours that somebody sent back by hand: `Contradiction`, so that it is seen."""
    intents = {each.intent_id for each in strangers if each.intent_id}
    if not intents:
        return
    ours = await store.our_intents(tx.session, intents)
    for each in strangers:
        if each.intent_id in ours:
            raise Contradiction(f"{each.id} of {each.intent_id} was not asked for by any order")


def _order_of(told: Told) -> UUID | None:
    said = told.intent or told.refund
    return said.order_id if said else None


def _payment_of(told: Told, payments: dict[UUID, Payment]) -> Payment | None:
    # Without a payment here it belongs to somebody else who uses the same account.
    order_id = _order_of(told)
    return payments.get(order_id) if order_id else None


def _reason(answer: Answer) -> str | None:
    if isinstance(answer, No):
        return f"{answer.code}: {answer.message}"
    return answer.error if isinstance(answer, Unclear | NotRun) else None


def _fail(tx: Transaction, webhook: WebhookEvent, reason: str) -> None:
    pause = backoff(webhook.attempts, first=0.25, most=_LONGEST_PAUSE)
    webhook.failed(reason, now=tx.now, after=pause)
    tx.after_commit(WEBHOOKS.labels(webhook.type, "failed").inc)

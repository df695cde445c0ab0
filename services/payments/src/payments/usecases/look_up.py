"""Look up what no webhook came for, so that a lost one does not matter."""

from collections.abc import Sequence
from uuid import UUID

from payments import store
from payments.gateways.gateway import Gateway
from payments.model import Payment, Refund
from payments.usecases.answers import Answer, Told, answer_of
from payments.usecases.see_intents import LOOK_AFTER as PAYMENT_AFTER
from payments.usecases.see_intents import see_intents
from payments.usecases.see_refunds import LOOK_AFTER as REFUND_AFTER
from payments.usecases.see_refunds import see_refunds
from wareflow_events.failpoints import failpoint
from wareflow_events.transaction import Transaction

_PAYMENT_NOT_RECORDED = failpoint("lookup.payment_read_not_recorded")
_REFUND_NOT_RECORDED = failpoint("lookup.refund_read_not_recorded")


class PaymentWork:
    """Payments that are open or closing for long, for a pump."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def claim(self, tx: Transaction, limit: int) -> Sequence[Payment]:
        """Take what is due; the next look is put off at once, so that a crash costs one look."""
        due = await store.payments_to_look_up(tx.session, now=tx.now, limit=limit)
        for payment in due:
            payment.looked(now=tx.now, look_after=PAYMENT_AFTER)
        return due

    async def call(self, job: Payment) -> Answer:
        """Read the intent as it is now."""

        async def ask() -> Answer:
            assert job.intent_id is not None
            return Told(intent=await self._gateway.retrieve_intent(job.intent_id))

        answer = await answer_of(ask)
        _PAYMENT_NOT_RECORDED.reach(job.order_id)
        return answer

    async def record(self, tx: Transaction, answered: Sequence[tuple[Payment, Answer]]) -> None:
        """Apply what was read; what was not is looked up again anyway."""
        payments = await store.lock_payments(tx.session, [job.order_id for job, _ in answered])
        await see_intents(
            tx,
            seen=[
                (payments[job.order_id], answer.intent)
                for job, answer in answered
                if isinstance(answer, Told) and answer.intent
            ],
        )

    async def spoil(self, tx: Transaction, job: Payment, error: str) -> None:
        """What was read cannot be: kept on the payment, shown."""
        payments = await store.lock_payments(tx.session, [job.order_id])
        payments[job.order_id].trouble = error


class RefundWork:
    """Refunds that are on their way for long, for a pump."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def claim(self, tx: Transaction, limit: int) -> Sequence[Refund]:
        """Take what is due; the next look is put off at once."""
        due = await store.refunds_to_look_up(tx.session, now=tx.now, limit=limit)
        for refund in due:
            refund.looked(now=tx.now, look_after=REFUND_AFTER)
        return due

    async def call(self, job: Refund) -> Answer:
        """Read the refund as it is now."""

        async def ask() -> Answer:
            assert job.gateway_id is not None
            return Told(refund=await self._gateway.retrieve_refund(job.gateway_id))

        answer = await answer_of(ask)
        _REFUND_NOT_RECORDED.reach(job.id)
        return answer

    async def record(self, tx: Transaction, answered: Sequence[tuple[Refund, Answer]]) -> None:
        """Apply what was read."""
        payments = await store.lock_payments(tx.session, [job.order_id for job, _ in answered])
        refunds = await store.refunds_by_id(tx.session, [job.id for job, _ in answered])
        await see_refunds(
            tx,
            seen=[
                (payments[job.order_id], refunds[job.id], answer.refund)
                for job, answer in answered
                if isinstance(answer, Told) and answer.refund
            ],
        )

    async def spoil(self, tx: Transaction, job: Refund, error: str) -> None:
        """What was read cannot be: kept on the refund, shown."""
        refunds: dict[UUID, Refund] = await store.refunds_by_id(tx.session, [job.id])
        refunds[job.id].message = error

"""Run the effects that are stored as operations: claimed, sent, and what came of them recorded."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from payments import store
from payments.gateways.gateway import Gateway
from payments.model import Operation, Payment, Refund
from payments.model.bells import PAYMENT_CHANGED
from payments.model.intent import IntentState
from payments.model.operation import LEASE, OperationKind, Step
from payments.usecases.answers import Answer, No, Nothing, NotRun, Told, Unclear, answer_of
from payments.usecases.call_gateway import call_gateway
from payments.usecases.see_intents import see_intents
from payments.usecases.see_refunds import see_refunds
from wareflow_events.failpoints import failpoint
from wareflow_events.faults import backoff
from wareflow_events.transaction import Transaction

_LONGEST_PAUSE = 300.0
_WRONG_KEYS_PAUSE = 30.0
_WITHIN_LEASE = LEASE.total_seconds() * 0.75

_NOT_SENT = {kind: failpoint(f"{kind}.claimed_not_sent") for kind in OperationKind}
_NOT_RECORDED = {kind: failpoint(f"{kind}.answered_not_recorded") for kind in OperationKind}
_NOT_COMMITTED = {kind: failpoint(f"{kind}.recorded_not_committed") for kind in OperationKind}


@dataclass(frozen=True, slots=True)
class Claimed:
    """An operation as it was when it was claimed, and what is to be done with it."""

    operation: Operation
    attempt: int
    step: Step


class OperationWork:
    """Operations, for a pump. `livemode` is the gateway's; those of the other mode are refused."""

    def __init__(self, gateway: Gateway, *, livemode: bool) -> None:
        self._gateway = gateway
        self._livemode = livemode

    async def claim(self, tx: Transaction, limit: int) -> Sequence[Claimed]:
        """Take what is due. From the commit on, it counts as sent."""
        due = await store.due_operations(tx.session, now=tx.now, limit=limit)
        steps = [(operation, operation.claim(now=tx.now)) for operation in due]
        return [Claimed(operation, operation.attempts, step) for operation, step in steps]

    async def call(self, job: Claimed) -> Answer:
        """Ask the gateway, well within the lease."""
        if job.operation.livemode is not self._livemode:
            return No("wrong_mode", "the gateway's keys are of the other mode")

        async def ask() -> Answer:
            async with asyncio.timeout(_WITHIN_LEASE):
                return await call_gateway(self._gateway, job.operation, job.step)

        _NOT_SENT[job.operation.kind].reach(job.operation.id)
        answer = await answer_of(ask)
        _NOT_RECORDED[job.operation.kind].reach(job.operation.id)
        return answer

    async def record(self, tx: Transaction, answered: Sequence[tuple[Claimed, Answer]]) -> None:
        """Apply what was said to payments and refunds, then to the operations."""
        jobs = [job.operation for job, _ in answered]
        payments = await store.lock_payments(tx.session, {each.order_id for each in jobs})
        refunds = await store.refunds_by_id(
            tx.session, {each.refund_id for each in jobs if each.refund_id is not None}
        )
        stored = await store.lock_operations(tx.session, [each.id for each in jobs])
        await _see(tx, answered, payments, refunds)
        for job, answer in answered:
            operation, payment = stored[job.operation.id], payments[job.operation.order_id]
            operation.intent_id = operation.intent_id or payment.intent_id
            if isinstance(answer, No):
                refund = refunds.get(operation.refund_id) if operation.refund_id else None
                _refuse(tx, operation, job, (payment, refund), answer)
            else:
                _settle(tx, operation, job, answer)
            _NOT_COMMITTED[operation.kind].reach(operation.id)
        tx.after_commit(PAYMENT_CHANGED.ring)

    async def spoil(self, tx: Transaction, job: Claimed, error: str) -> None:
        """What the gateway said cannot be written down: kept on the operation, asked again."""
        stored = await store.lock_operations(tx.session, [job.operation.id])
        operation = stored[job.operation.id]
        if operation.next_attempt_at is not None:
            operation.unclear(error, now=tx.now, after=_pause(operation))


async def _see(
    tx: Transaction,
    answered: Sequence[tuple[Claimed, Answer]],
    payments: dict[UUID, Payment],
    refunds: dict[UUID, Refund],
) -> None:
    told = [(job.operation, answer) for job, answer in answered if isinstance(answer, Told)]
    await see_intents(
        tx, seen=[(payments[each.order_id], said.intent) for each, said in told if said.intent]
    )
    await see_refunds(
        tx,
        seen=[
            (payments[each.order_id], refunds[each.refund_id], said.refund)
            for each, said in told
            if said.refund and each.refund_id
        ],
    )


def _refuse(
    tx: Transaction,
    operation: Operation,
    job: Claimed,
    of: tuple[Payment, Refund | None],
    no: No,
) -> None:
    if operation.next_attempt_at is None or operation.attempts != job.attempt:
        return  # another attempt finished it, or is about to
    if operation.kind is OperationKind.CANCEL_INTENT:
        # Not even reading the intent is possible: what is true stays open, and is asked again.
        operation.later(f"{no.code}: {no.message}", now=tx.now, after=_pause(operation))
        return
    operation.fail(code=no.code, message=no.message, now=tx.now)
    payment, refund = of
    if refund is not None:
        told = refund.refuse(payment, code=no.code, message=no.message, now=tx.now)
    else:
        told = payment.refuse(no.code, now=tx.now)
    if told is not None:
        tx.publish(told)


def _settle(
    tx: Transaction, operation: Operation, job: Claimed, answer: Told | Nothing | Unclear | NotRun
) -> None:
    if operation.next_attempt_at is None:
        return  # another attempt finished it
    newest = operation.attempts == job.attempt
    if isinstance(answer, Told):
        _told(tx, operation, answer, newest=newest)
    elif not newest:
        return  # our lease had ended; who took over will know more
    elif isinstance(answer, Nothing):
        operation.without_effect(now=tx.now, new_key=tx.new_id(), after=_pause(operation))
    elif isinstance(answer, Unclear):
        pause = _pause(operation)
        operation.unclear(answer.error, now=tx.now, after=pause, spent=answer.spent)
    else:
        _not_run(tx, operation, job.step, answer)


def _not_run(tx: Transaction, operation: Operation, step: Step, answer: NotRun) -> None:
    if answer.wrong_keys and step is Step.SEND:
        operation.turned_away(answer.error, now=tx.now, after=_WRONG_KEYS_PAUSE)
    else:
        operation.later(answer.error, now=tx.now, after=_pause(operation))


def _told(tx: Transaction, operation: Operation, told: Told, *, newest: bool) -> None:
    if told.refund is not None:
        operation.done(result=told.refund.id, now=tx.now)
        return
    assert told.intent is not None
    state = told.intent.state
    if operation.kind is OperationKind.CREATE_INTENT or state is IntentState.CANCELLED:
        operation.done(result=told.intent.id, now=tx.now)
    elif state is IntentState.CAPTURED:
        operation.fail(code="captured", message="it was paid before", now=tx.now)
    elif newest:
        # Money is on its way, or came back just now: the refusal had no effect, so a new key.
        operation.renew(now=tx.now, new_key=tx.new_id(), after=_pause(operation))


def _pause(operation: Operation) -> float:
    return backoff(operation.attempts, first=0.25, most=_LONGEST_PAUSE)

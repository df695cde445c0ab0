"""The middle step of an operation: ask the gateway, or look whether it was done before."""

from datetime import timedelta

from payments.gateways.gateway import Gateway, IntentRequest, NotNow, RefundRequest, Refused
from payments.model import Operation
from payments.model.operation import OperationKind, Step
from payments.usecases.answers import Answer, Nothing, Told

_SKEW = timedelta(minutes=10)
"""How far the gateway's clock, or a request on its way, may be off."""


async def call_gateway(gateway: Gateway, operation: Operation, step: Step) -> Answer:
    """What the gateway says; raises what the port raises."""
    if operation.kind is OperationKind.CREATE_INTENT:
        return await _create(gateway, operation, step)
    if operation.kind is OperationKind.CANCEL_INTENT:
        return await _cancel(gateway, operation, step)
    return await _refund(gateway, operation, step)


async def _create(gateway: Gateway, operation: Operation, step: Step) -> Answer:
    if step is Step.LOOK_UP:
        assert operation.first_sent_at is not None
        assert operation.last_sent_at is not None
        since, until = operation.first_sent_at - _SKEW, operation.last_sent_at + _SKEW
        found = await gateway.find_intent(operation.id, since=since, until=until)
        return Told(intent=found) if found else Nothing()
    request = IntentRequest(
        key=operation.key,
        operation_id=operation.id,
        order_id=operation.order_id,
        payment_id=operation.payment_id,
        amount=operation.money,
        note=operation.note,
    )
    return Told(intent=await gateway.create_intent(request))


async def _cancel(gateway: Gateway, operation: Operation, step: Step) -> Answer:
    intent_id = _intent_of(operation)
    if step is Step.SEND:
        try:
            return Told(intent=await gateway.cancel_intent(intent_id, key=operation.key))
        except Refused:
            pass  # it was paid, cancelled before, or money is on its way: the intent says which
    return Told(intent=await gateway.retrieve_intent(intent_id))


async def _refund(gateway: Gateway, operation: Operation, step: Step) -> Answer:
    intent_id = _intent_of(operation)
    if step is Step.LOOK_UP:
        found = await gateway.find_refund(operation.id, intent_id=intent_id)
        return Told(refund=found) if found else Nothing()
    assert operation.refund_id is not None
    request = RefundRequest(
        key=operation.key,
        operation_id=operation.id,
        order_id=operation.order_id,
        refund_id=operation.refund_id,
        intent_id=intent_id,
        amount=operation.money,
    )
    return Told(refund=await gateway.create_refund(request))


def _intent_of(operation: Operation) -> str:
    # A payment that was recalled for a restored database learns its intent anew.
    if operation.intent_id is None:
        raise NotNow("the intent is not known yet")
    return operation.intent_id

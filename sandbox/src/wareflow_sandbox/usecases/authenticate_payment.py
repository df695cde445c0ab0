"""The customer answers the bank's question on the sandbox's 3-D Secure page."""

from wareflow_sandbox.model.errors import Refused
from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.store.locks import method_of
from wareflow_sandbox.store.work import Work
from wareflow_sandbox.usecases.attempt import attempt, fail_authentication


async def authenticate_payment(work: Work, *, intent: PaymentIntent, approved: bool) -> None:
    """Go on with the attempt, or let it fail; `Refused` when nobody was asked (any more)."""
    if intent.status != "requires_action":
        raise Refused(f"This payment does not wait for the customer: it is {intent.status}.")
    method = await method_of(work, intent.payment_method)
    assert method is not None
    if approved:
        attempt(work, intent=intent, method=method, authenticated=True)
    else:
        fail_authentication(work, intent=intent, method=method)

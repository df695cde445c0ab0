"""Confirm a payment intent: try to pay it."""

from dataclasses import dataclass

from wareflow_sandbox.model.errors import BadParameter, Declined
from wareflow_sandbox.model.payment_intent import PaymentIntent
from wareflow_sandbox.model.payment_method import PaymentMethod
from wareflow_sandbox.store.locks import method_of
from wareflow_sandbox.store.work import Work
from wareflow_sandbox.usecases.add_payment_method import MethodChoice, choose_method
from wareflow_sandbox.usecases.attempt import attempt, fail_authentication


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """How somebody wants to pay."""

    method: MethodChoice | None = None
    return_url: str | None = None
    by_browser: bool = False
    """With a publishable key and the client secret."""
    in_sdk: bool = False
    """The caller can show the bank's page itself and needs no redirect."""
    customer_absent: bool = False
    """Nobody is there to authenticate."""
    page: str
    """The address of the sandbox's page for the bank's question, without the intent's id."""


async def confirm_payment(
    work: Work, *, intent: PaymentIntent, how: Confirmation
) -> Declined | None:
    """Make one attempt on a locked intent.

    The refusal of a declined attempt is returned, not raised, since what it did stays. Raises
    `Refused` when no attempt may be made, `BadParameter` or `BadCard` for a method that cannot be.
    """
    intent.refuse_unless_confirmable()
    if not how.by_browser:
        intent.refuse_without_return_url(how.return_url)
    method = await _method(work, intent, how.method)
    _refuse_if_unfit(intent, method)
    intent.payment_method = method.id
    intent.return_url = how.return_url or intent.return_url
    if not method.instrument.authenticates:
        attempt(work, intent=intent, method=method)
    elif how.customer_absent:
        fail_authentication(work, intent=intent, method=method)
    else:
        page = f"{how.page}/{intent.id}"
        work.tell(intent.require_action(page=page, in_browser=how.in_sdk))
    return declined(intent)


def declined(intent: PaymentIntent) -> Declined | None:
    """How the intent's last attempt failed, as the error to answer; None when it did not."""
    error = intent.last_payment_error
    if error is None:
        return None
    return Declined.kept(error, payment_intent=intent.rendered())


async def _method(work: Work, intent: PaymentIntent, choice: MethodChoice | None) -> PaymentMethod:
    if choice is not None:
        return await choose_method(work, choice=choice)
    intent.refuse_without_method()
    method = await method_of(work, intent.payment_method)
    assert method is not None
    return method


def _refuse_if_unfit(intent: PaymentIntent, method: PaymentMethod) -> None:
    if method.type not in intent.payment_method_types:
        raise BadParameter(
            f"The PaymentMethod provided ({method.type}) is not allowed for this PaymentIntent."
            " Please attach a PaymentMethod of one of the following types:"
            f" {', '.join(intent.payment_method_types)}.",
            code="payment_intent_incompatible_payment_method",
            param="payment_method",
        )
    only = method.instrument.currency
    if only not in {None, intent.currency}:
        raise BadParameter(
            f"The currency provided ({intent.currency}) is invalid for {method.type}: {only}.",
            param="currency",
        )

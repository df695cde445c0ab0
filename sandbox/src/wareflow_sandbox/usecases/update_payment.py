"""Update what is written on a payment intent."""

from dataclasses import dataclass

from wareflow_sandbox.model.base import Rendered
from wareflow_sandbox.model.currency import chargeable
from wareflow_sandbox.model.payment_intent import PaymentIntent


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is to change; None leaves it as it is, an empty text unsets it."""

    amount: int | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None
    receipt_email: str | None = None
    shipping: Rendered | None = None
    statement_descriptor_suffix: str | None = None


def update_payment(*, intent: PaymentIntent, changes: Changes) -> None:
    """Change a locked intent. Stripe tells nobody, so neither do we; `Refused` for the amount once
    an attempt is under way."""
    if changes.amount is not None:
        intent.reprice(chargeable(changes.amount, intent.currency))
    if changes.metadata is not None:
        intent.metadata_ = merged(intent.metadata_, changes.metadata)
    if changes.description is not None:
        intent.description = changes.description or None
    if changes.receipt_email is not None:
        intent.receipt_email = changes.receipt_email or None
    if changes.shipping is not None:
        intent.shipping = changes.shipping
    if changes.statement_descriptor_suffix is not None:
        intent.statement_descriptor_suffix = changes.statement_descriptor_suffix or None


def merged(old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    """Metadata with changes: an empty value drops its key, and no keys at all drop everything."""
    if not new:
        return {}
    return {key: value for key, value in {**old, **new}.items() if value}

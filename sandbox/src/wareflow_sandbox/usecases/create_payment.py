"""Create a payment intent."""

from dataclasses import dataclass, field

from wareflow_sandbox.model.base import Rendered
from wareflow_sandbox.model.currency import chargeable, known_currency
from wareflow_sandbox.model.errors import BadParameter
from wareflow_sandbox.model.ids import secret
from wareflow_sandbox.model.payment_intent import CaptureMethod, PaymentIntent
from wareflow_sandbox.store.work import Work
from wareflow_sandbox.usecases.add_payment_method import MethodChoice, choose_method

KINDS = ("card", "sepa_debit", "us_bank_account")


@dataclass(frozen=True, kw_only=True)
class NewPayment:
    """What a payment intent is asked for with; amounts in minor units."""

    amount: int
    currency: str
    capture_method: CaptureMethod = "automatic"
    automatic: Rendered | None = None
    """`{"enabled": ..., "allow_redirects": ...}`; None with neither this nor types: enabled."""
    types: list[str] = field(default_factory=list[str])
    options: Rendered = field(default_factory=dict[str, object])
    method: MethodChoice | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    description: str | None = None
    receipt_email: str | None = None
    setup_future_usage: str | None = None
    shipping: Rendered | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None


async def create_payment(work: Work, *, wanted: NewPayment) -> PaymentIntent:
    """A fresh intent that nobody has tried to pay yet."""
    currency = known_currency(wanted.currency)
    amount = chargeable(wanted.amount, currency)
    automatic = _automatic(wanted)
    method = None if wanted.method is None else await choose_method(work, choice=wanted.method)
    intent_id = work.new_id(PaymentIntent.PREFIX)
    intent = PaymentIntent(
        id=intent_id,
        status="requires_payment_method" if method is None else "requires_confirmation",
        amount=amount,
        currency=currency,
        amount_capturable=0,
        amount_received=0,
        capture_method=wanted.capture_method,
        client_secret=f"{intent_id}_secret_{secret()}",
        payment_method=None if method is None else method.id,
        automatic_payment_methods=automatic,
        payment_method_types=wanted.types or _types_for(currency),
        payment_method_options=wanted.options,
        description=wanted.description,
        receipt_email=wanted.receipt_email,
        setup_future_usage=wanted.setup_future_usage,
        shipping=wanted.shipping,
        statement_descriptor=wanted.statement_descriptor,
        statement_descriptor_suffix=wanted.statement_descriptor_suffix,
        metadata_=wanted.metadata,
        created=work.now,
    )
    work.session.add(intent)
    work.tell(intent.begin())
    return intent


def _automatic(wanted: NewPayment) -> Rendered | None:
    on = wanted.automatic is not None and bool(wanted.automatic["enabled"])
    if on and wanted.types:
        raise BadParameter(
            "You may only specify one of these parameters: automatic_payment_methods,"
            " payment_method_types."
        )
    if wanted.automatic is None and not wanted.types:
        return {"allow_redirects": "always", "enabled": True}
    return wanted.automatic if on else None


def _types_for(currency: str) -> list[str]:
    return list(KINDS) if currency == "usd" else list(KINDS[:2])

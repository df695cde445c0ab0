"""`/v1/payment_intents`."""

import hmac
from typing import Annotated, Literal

from pydantic import Field

from wareflow_sandbox.api.params import Amount, Listed, Metadata, Paging, Params, Part
from wareflow_sandbox.api.payment_methods import MethodData
from wareflow_sandbox.api.routes import Asked, Called, Command, Many, Question, Result
from wareflow_sandbox.model.base import Rendered
from wareflow_sandbox.model.errors import BadParameter
from wareflow_sandbox.model.payment_intent import CaptureMethod, PaymentIntent
from wareflow_sandbox.store.locks import locked_intent
from wareflow_sandbox.usecases.add_payment_method import MethodChoice, Token
from wareflow_sandbox.usecases.cancel_payment import cancel_payment
from wareflow_sandbox.usecases.capture_payment import capture_payment
from wareflow_sandbox.usecases.confirm_payment import Confirmation, confirm_payment
from wareflow_sandbox.usecases.create_payment import NewPayment, create_payment
from wareflow_sandbox.usecases.update_payment import Changes, update_payment
from wareflow_sandbox.views.read import find, page

Kind = Literal["card", "sepa_debit", "us_bank_account"]
Suffix = Annotated[str, Field(max_length=22)]
Web = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=5000)]


class Automatic(Part):
    """`automatic_payment_methods`."""

    enabled: bool
    allow_redirects: Literal["always", "never"] = "always"


class Address(Part):
    """A postal address."""

    city: str | None = None
    country: str | None = None
    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    state: str | None = None


class Shipping(Part):
    """Where the goods go."""

    address: Address
    name: str
    carrier: str | None = None
    phone: str | None = None
    tracking_number: str | None = None


class Paying(Params):
    """How somebody wants to pay, on create and on confirm alike."""

    payment_method: str | None = None
    payment_method_data: MethodData | None = None
    return_url: Web | None = None
    off_session: bool = False
    error_on_requires_action: bool = False
    use_stripe_sdk: bool = False
    receipt_email: str | None = None
    shipping: Shipping | None = None

    def method(self) -> MethodChoice | None:
        """The payment method that is meant, if any."""
        if self.payment_method_data is not None:
            return self.payment_method_data.chosen()
        return None if self.payment_method is None else Token(self.payment_method)

    def where(self) -> Rendered | None:
        """The shipping address, in Stripe's shape."""
        return None if self.shipping is None else self.shipping.model_dump()


class Create(Paying):
    """What an intent is made of."""

    amount: Amount
    currency: str
    automatic_payment_methods: Automatic | None = None
    capture_method: CaptureMethod = "automatic"
    confirm: bool = False
    confirmation_method: Literal["automatic"] = "automatic"
    description: Annotated[str, Field(max_length=1000)] | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])
    payment_method_options: dict[str, object] = Field(default_factory=dict[str, object])
    payment_method_types: Listed[Kind] = Field(default_factory=list[Kind])
    setup_future_usage: Literal["off_session", "on_session"] | None = None
    statement_descriptor: Suffix | None = None
    statement_descriptor_suffix: Suffix | None = None


class Update(Params):
    """What may be changed."""

    amount: Amount | None = None
    description: Annotated[str, Field(max_length=1000)] | None = None
    metadata: Metadata | None = None
    receipt_email: str | None = None
    shipping: Shipping | None = None
    statement_descriptor_suffix: Suffix | None = None


class WithSecret(Params):
    """What a browser adds."""

    client_secret: str | None = None


class Confirm(Paying, WithSecret):
    """An attempt to pay."""


class Cancel(Params):
    """An end."""

    cancellation_reason: (
        Literal["abandoned", "duplicate", "fraudulent", "requested_by_customer"] | None
    ) = None


class Capture(Params):
    """Taking what is held."""

    amount_to_capture: Amount | None = None


async def create(call: Called, params: Create) -> Result:
    """Make an intent, and confirm it at once if asked to."""
    if not params.confirm and (params.return_url or params.off_session):
        named = "return_url" if params.return_url else "off_session"
        raise BadParameter(
            f"You can only pass {named} when confirm=true is also passed.", param=named
        )
    intent = await create_payment(call.work, wanted=_wanted(params))
    if params.confirm:
        declined = await confirm_payment(call.work, intent=intent, how=_how(call, params))
        if declined is not None:
            return declined
    return intent


def _wanted(params: Create) -> NewPayment:
    automatic = params.automatic_payment_methods
    return NewPayment(
        amount=params.amount,
        currency=params.currency,
        capture_method=params.capture_method,
        automatic=None if automatic is None else automatic.model_dump(),
        types=list(params.payment_method_types),
        options=params.payment_method_options,
        # On create and confirm in one, the method is chosen by the confirmation.
        method=None if params.confirm else params.method(),
        metadata=params.metadata,
        description=params.description or None,
        receipt_email=params.receipt_email or None,
        setup_future_usage=params.setup_future_usage,
        shipping=params.where(),
        statement_descriptor=params.statement_descriptor,
        statement_descriptor_suffix=params.statement_descriptor_suffix,
    )


def _how(call: Called, params: Paying) -> Confirmation:
    return Confirmation(
        method=params.method(),
        return_url=params.return_url,
        by_browser=call.browser,
        in_sdk=params.use_stripe_sdk,
        customer_absent=params.off_session or params.error_on_requires_action,
        page=f"{call.site}/3ds",
    )


async def retrieve(asked: Asked, params: WithSecret) -> Result:
    """One intent."""
    intent = await find(asked.session, PaymentIntent, asked.path["id"])
    _check_secret(intent, params.client_secret, required=asked.browser)
    return intent


async def many(asked: Asked, params: Paging) -> Result:
    """Intents, newest first."""
    rows, more = await page(asked.session, PaymentIntent, params.window())
    return Many([row.rendered() for row in rows], more)


async def update(call: Called, params: Update) -> Result:
    """Change what is written on an intent."""
    intent = await locked_intent(call.work, call.path["id"])
    changes = Changes(
        amount=params.amount,
        description=params.description,
        metadata=params.metadata,
        receipt_email=params.receipt_email,
        shipping=None if params.shipping is None else params.shipping.model_dump(),
        statement_descriptor_suffix=params.statement_descriptor_suffix,
    )
    update_payment(intent=intent, changes=changes)
    return intent


async def confirm(call: Called, params: Confirm) -> Result:
    """Try to pay."""
    intent = await locked_intent(call.work, call.path["id"])
    _check_secret(intent, params.client_secret, required=call.browser)
    changes = Changes(receipt_email=params.receipt_email, shipping=params.where())
    update_payment(intent=intent, changes=changes)
    declined = await confirm_payment(call.work, intent=intent, how=_how(call, params))
    return declined or intent


async def cancel(call: Called, params: Cancel) -> Result:
    """Let nobody pay it any more."""
    intent = await locked_intent(call.work, call.path["id"])
    await cancel_payment(call.work, intent=intent, reason=params.cancellation_reason)
    return intent


async def capture(call: Called, params: Capture) -> Result:
    """Take what is held."""
    intent = await locked_intent(call.work, call.path["id"])
    await capture_payment(call.work, intent=intent, amount=params.amount_to_capture)
    return intent


def _check_secret(intent: PaymentIntent, given: str | None, *, required: bool) -> None:
    if given is None and not required:
        return
    if given is None:
        raise BadParameter(
            "Missing required param: client_secret.",
            code="parameter_missing",
            param="client_secret",
        )
    if not hmac.compare_digest(given.encode(), intent.client_secret.encode()):
        raise BadParameter(
            "The client_secret provided does not match the client_secret associated with the"
            " PaymentIntent.",
            code="payment_intent_invalid_parameter",
            param="client_secret",
        )


_ALL = "/v1/payment_intents"
_ONE = f"{_ALL}/{{id}}"

QUESTIONS = (
    Question(path=_ALL, params=Paging, run=many, of=PaymentIntent, lists=True),
    Question(path=_ONE, params=WithSecret, run=retrieve, of=PaymentIntent, browser=True),
)
COMMANDS = (
    Command(path=_ALL, params=Create, run=create, of=PaymentIntent),
    Command(path=_ONE, params=Update, run=update, of=PaymentIntent),
    Command(path=f"{_ONE}/confirm", params=Confirm, run=confirm, of=PaymentIntent, browser=True),
    Command(path=f"{_ONE}/cancel", params=Cancel, run=cancel, of=PaymentIntent),
    Command(path=f"{_ONE}/capture", params=Capture, run=capture, of=PaymentIntent),
)

"""Make a payment method of a test token or of a test card's data."""

from dataclasses import dataclass

from wareflow_sandbox.model.errors import BadCard, NoSuchReference
from wareflow_sandbox.model.instruments import (
    Instrument,
    instrument_numbered,
    instrument_of,
    plausible,
)
from wareflow_sandbox.model.payment_method import PaymentMethod
from wareflow_sandbox.store.locks import method_of
from wareflow_sandbox.store.work import Work


@dataclass(frozen=True)
class CardData:
    """A card as typed in by a customer."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str | None


@dataclass(frozen=True)
class Token:
    """A test token such as `pm_card_visa`, or the id of a payment method made before."""

    name: str


MethodChoice = CardData | Token


async def choose_method(work: Work, *, choice: MethodChoice) -> PaymentMethod:
    """The payment method that was meant; `NoSuchReference` or `BadCard`."""
    if isinstance(choice, CardData):
        return add_card(work, card=choice, metadata={})
    instrument = instrument_of(choice.name)
    if instrument is not None:
        return _add(work, instrument, last4=instrument.last4, metadata={})
    known = await method_of(work, choice.name)
    if known is None:
        raise NoSuchReference("PaymentMethod", choice.name, param="payment_method")
    return known


def add_card(work: Work, *, card: CardData, metadata: dict[str, str]) -> PaymentMethod:
    """A method from a card's number, which is looked at and not kept; `BadCard`."""
    number = card.number.replace(" ", "").replace("-", "")
    if not plausible(number):
        raise BadCard("Your card number is incorrect.", code="incorrect_number", param="number")
    if not 1 <= card.exp_month <= 12:
        message = "Your card's expiration month is invalid."
        raise BadCard(message, code="invalid_expiry_month", param="exp_month")
    year = card.exp_year + 2000 if card.exp_year < 100 else card.exp_year
    if (year, card.exp_month) < (work.now.year, work.now.month) or year > work.now.year + 50:
        message = "Your card's expiration year is invalid."
        raise BadCard(message, code="invalid_expiry_year", param="exp_year")
    if card.cvc is not None and not (card.cvc.isdigit() and len(card.cvc) in {3, 4}):
        message = "Your card's security code is invalid."
        raise BadCard(message, code="invalid_cvc", param="cvc")
    method = _add(work, instrument_numbered(number), last4=number[-4:], metadata=metadata)
    method.exp_month, method.exp_year = card.exp_month, year
    return method


def _add(
    work: Work, instrument: Instrument, *, last4: str, metadata: dict[str, str]
) -> PaymentMethod:
    method = PaymentMethod(
        id=work.new_id(PaymentMethod.PREFIX),
        token=instrument.token,
        type=instrument.type,
        last4=last4,
        exp_month=12,
        exp_year=work.now.year + 5,
        metadata_=metadata,
        created=work.now,
    )
    work.session.add(method)
    return method

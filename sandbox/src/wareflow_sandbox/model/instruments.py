"""The test cards and debits: what each token and number does when somebody pays with it."""

from dataclasses import dataclass
from enum import StrEnum

_DECLINED = "Your card was declined."
_TRY_AGAIN = "An error occurred while processing your card. Try again in a little bit."


class Refunding(StrEnum):
    """How a refund to this instrument goes."""

    AT_ONCE = "at_once"
    LATE = "late"
    FAILS_LATE = "fails_late"


class Settling(StrEnum):
    """How a payment that is not final at once goes on."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    NEVER = "never"


@dataclass(frozen=True)
class Decline:
    """What the bank says instead of yes."""

    code: str
    decline_code: str
    message: str = _DECLINED
    reason: str | None = None
    """The outcome's reason, when it is not the decline code."""


@dataclass(frozen=True)
class Instrument:
    """A way to pay and its script: first authenticate, then decline, settle late, or approve."""

    token: str
    number: str = ""
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    type: str = "card"
    authenticates: bool = False
    decline: Decline | None = None
    settling: Settling | None = None
    refunding: Refunding = Refunding.AT_ONCE
    cvc_check: str = "pass"
    currency: str | None = None
    """The only currency it can pay in."""

    @property
    def last4(self) -> str:
        """The last four digits of the card or account number."""
        return self.number[-4:]


GENERIC = Decline("card_declined", "generic_decline")
FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
LOST = Decline("card_declined", "lost_card")
STOLEN = Decline("card_declined", "stolen_card")
VELOCITY = Decline(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount"
    " limit.",
)
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
PROCESSING = Decline("processing_error", "processing_error", _TRY_AGAIN)
FRAUDULENT = Decline("card_declined", "fraudulent", reason="highest_risk_level")
LIVE_CARD = Decline(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. For a"
    " list of valid test cards, visit: https://docs.stripe.com/testing.",
)
DEBIT_FAILED = Decline(
    "payment_intent_payment_attempt_failed",
    "insufficient_funds",
    "The customer's account has insufficient funds to cover this payment.",
)
AUTHENTICATION = Decline(
    "payment_intent_authentication_failure",
    "authentication_required",
    "We are unable to authenticate your payment method. Please choose a different payment method"
    " and try again.",
)

_APPROVED = (
    Instrument("pm_card_visa", "4242424242424242"),
    Instrument("pm_card_visa_debit", "4000056655665556", funding="debit"),
    Instrument("pm_card_mastercard", "5555555555554444", "mastercard"),
    Instrument("pm_card_mastercard_debit", "5200828282828210", "mastercard", funding="debit"),
    Instrument("pm_card_mastercard_prepaid", "5105105105105100", "mastercard", funding="prepaid"),
    Instrument("pm_card_amex", "378282246310005", "amex"),
    Instrument("pm_card_discover", "6011111111111117", "discover"),
    Instrument("pm_card_diners", "3056930009020004", "diners"),
    Instrument("pm_card_jcb", "3566002020360505", "jcb", "JP"),
    Instrument("pm_card_unionpay", "6200000000000005", "unionpay", "CN"),
    Instrument("pm_card_us", "4242424242424242"),
    Instrument("pm_card_at", "4000000400000008", country="AT"),
    Instrument("pm_card_de", "4000002760000016", country="DE"),
    Instrument("pm_card_es", "4000007240000007", country="ES"),
    Instrument("pm_card_fr", "4000002500000003", country="FR"),
    Instrument("pm_card_gb", "4000008260000000", country="GB"),
    Instrument("pm_card_it", "4000003800000008", country="IT"),
    Instrument("pm_card_nl", "4000005280000002", country="NL"),
    Instrument("pm_card_pl", "4000006160000005", country="PL"),
)

_DECLINED_CARDS = (
    Instrument("pm_card_visa_chargeDeclined", "4000000000000002", decline=GENERIC),
    Instrument("pm_card_visa_chargeDeclinedInsufficientFunds", "4000000000009995", decline=FUNDS),
    Instrument("pm_card_visa_chargeDeclinedLostCard", "4000000000009987", decline=LOST),
    Instrument("pm_card_visa_chargeDeclinedStolenCard", "4000000000009979", decline=STOLEN),
    Instrument(
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded", "4000000000006975", decline=VELOCITY
    ),
    Instrument("pm_card_chargeDeclinedExpiredCard", "4000000000000069", decline=EXPIRED),
    Instrument(
        "pm_card_chargeDeclinedIncorrectCvc", "4000000000000127", decline=CVC, cvc_check="fail"
    ),
    Instrument("pm_card_chargeDeclinedProcessingError", "4000000000000119", decline=PROCESSING),
    Instrument("pm_card_radarBlock", "4100000000000019", decline=FRAUDULENT),
)

_AUTHENTICATED = (
    Instrument("pm_card_threeDSecure2Required", "4000000000003220", authenticates=True),
    Instrument(
        "pm_card_authenticationRequired", "4000002760003184", country="DE", authenticates=True
    ),
    Instrument(
        "pm_card_threeDSecureRequiredChargeDeclined",
        "4000008400001629",
        authenticates=True,
        decline=GENERIC,
    ),
)

_LATE = (
    Instrument("pm_sandbox_lateSuccess", "AT611904300234573201", type="sepa_debit", country="AT",
               settling=Settling.SUCCEEDS),
    Instrument("pm_sandbox_lateFailure", "AT861904300235473202", type="sepa_debit", country="AT",
               settling=Settling.FAILS, decline=DEBIT_FAILED),
    Instrument("pm_sandbox_neverSettles", "AT321904300235473204", type="sepa_debit", country="AT",
               settling=Settling.NEVER),
    Instrument("pm_usBankAccount_success", "000123456789", type="us_bank_account",
               settling=Settling.SUCCEEDS, currency="usd"),
    Instrument("pm_usBankAccount_insufficientFunds", "000222222227", type="us_bank_account",
               settling=Settling.FAILS, decline=DEBIT_FAILED, currency="usd"),
    Instrument("pm_usBankAccount_processing", "000000000009", type="us_bank_account",
               settling=Settling.NEVER, currency="usd"),
)  # fmt: skip

_REFUNDS = (
    Instrument("pm_card_pendingRefund", "4000000000007726", refunding=Refunding.LATE),
    Instrument("pm_card_refundFail", "4000000000005126", refunding=Refunding.FAILS_LATE),
)

INSTRUMENTS = {
    instrument.token: instrument
    for group in (_APPROVED, _DECLINED_CARDS, _AUTHENTICATED, _LATE, _REFUNDS)
    for instrument in group
}
"""Every test payment method by its token (docs.stripe.com/testing; `pm_sandbox_*` are ours)."""

_NUMBERS = {each.number: each for each in reversed(INSTRUMENTS.values()) if each.type == "card"}
_LIVE = Instrument("live_card", decline=LIVE_CARD)


def instrument_of(token: str) -> Instrument | None:
    """The instrument of a test token; brand-less spellings of a declining card mean the same."""
    known = INSTRUMENTS.get(token) or (_LIVE if token == _LIVE.token else None)
    if known is None and "_visa_charge" in token:
        known = INSTRUMENTS.get(token.replace("_visa_charge", "_charge"))
    return known


def scripted(token: str) -> Instrument:
    """The instrument of a token that was accepted before."""
    known = instrument_of(token)
    if known is None:
        raise LookupError(token)
    return known


def instrument_numbered(number: str) -> Instrument:
    """The instrument of a card number; a number that is no test card is declined as a live one."""
    return _NUMBERS.get(number, _LIVE)


def plausible(number: str) -> bool:
    """Whether the last digit checks (Luhn, ISO/IEC 7812-1 annex B) and the length is a card's."""
    if not (number.isascii() and number.isdigit() and 12 <= len(number) <= 19):
        return False
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0

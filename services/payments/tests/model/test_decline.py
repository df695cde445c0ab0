"""What a shopper is told after a decline."""

import pytest

from payments.model.decline import NextStep, next_step, sayable


@pytest.mark.parametrize(
    ("code", "decline_code", "step"),
    [
        ("card_declined", "insufficient_funds", NextStep.OTHER_METHOD),
        ("card_declined", "stolen_card", NextStep.OTHER_METHOD),
        ("card_declined", "try_again_later", NextStep.TRY_AGAIN),
        ("processing_error", "processing_error", NextStep.TRY_AGAIN),
        ("expired_card", "expired_card", NextStep.CHECK_DATA),
        ("incorrect_cvc", None, NextStep.CHECK_DATA),
        (
            "payment_intent_authentication_failure",
            "authentication_required",
            NextStep.AUTHENTICATE,
        ),
        ("a_code_of_tomorrow", None, NextStep.OTHER_METHOD),
    ],
)
def test_a_decline_says_what_helps(code: str, decline_code: str | None, step: NextStep) -> None:
    assert next_step(code, decline_code) is step


@pytest.mark.parametrize("reason", ["stolen_card", "lost_card", "fraudulent", "pickup_card"])
def test_suspicions_are_not_told_to_the_shopper(reason: str) -> None:
    assert sayable(reason) == "generic_decline"


@pytest.mark.parametrize("reason", ["insufficient_funds", None])
def test_other_reasons_are(reason: str | None) -> None:
    assert sayable(reason) == reason

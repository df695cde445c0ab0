"""Settings: keys of one mode, and which mode that is."""

import pytest
from pydantic import ValidationError

from payments.settings import Settings
from wareflow_kit.testing import settings_for

KEYS = {"webhook_secrets": ["whsec_1"]}


@pytest.mark.parametrize(
    ("secret", "publishable", "livemode"),
    [
        ("sk_test_1", "pk_test_1", False),
        ("sk_live_1", "pk_live_1", True),
        ("rk_live_1", "pk_live_1", True),
    ],
)
def test_the_key_says_whether_money_is_real(secret: str, publishable: str, livemode: bool) -> None:
    keys = {"gateway_key": secret, "gateway_publishable_key": publishable, **KEYS}
    assert settings_for(Settings, "postgresql://x/y", **keys).livemode is livemode


def test_keys_of_two_modes_stop_the_start() -> None:
    keys = {"gateway_key": "sk_live_1", "gateway_publishable_key": "pk_test_1", **KEYS}
    with pytest.raises(ValidationError):
        _ = settings_for(Settings, "postgresql://x/y", **keys)


def test_without_a_webhook_secret_it_does_not_start() -> None:
    keys = {"gateway_key": "sk_test_1", "gateway_publishable_key": "pk_test_1"}
    with pytest.raises(ValidationError):
        _ = settings_for(Settings, "postgresql://x/y", **keys, webhook_secrets=[])


def test_no_secret_is_shown_when_settings_are() -> None:
    keys = {"gateway_key": "sk_test_1", "gateway_publishable_key": "pk_test_1", **KEYS}
    shown = repr(settings_for(Settings, "postgresql://x/y", **keys))
    assert "sk_test_1" not in shown
    assert "whsec_1" not in shown

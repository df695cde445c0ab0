"""The README tells all that there is."""

from pathlib import Path
from typing import get_args

from wareflow_sandbox.model.event import EVENT_TYPES
from wareflow_sandbox.model.faults import FaultKind
from wareflow_sandbox.model.instruments import INSTRUMENTS
from wareflow_sandbox.model.webhook_faults import WebhookFaults
from wareflow_sandbox.settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_every_test_payment_method_is_in_the_readme() -> None:
    # The approved cards are abbreviated: `pm_card_visa`, `_mastercard`, ...
    told = {
        token
        for token in INSTRUMENTS
        if f"`{token}`" in README or f"`{token.removeprefix('pm_card')}`" in README
    }
    assert told == set(INSTRUMENTS)


def test_every_fault_is_in_the_readme() -> None:
    assert [kind for kind in get_args(FaultKind) if f"| `{kind}` |" not in README] == []
    assert [name for name in WebhookFaults.model_fields if f'"{name}"' not in README] == []


def test_every_event_is_in_the_readme() -> None:
    events = README.partition("Events: ")[2].partition("Like Stripe")[0]
    told: set[str] = set()
    for part in events.split(";"):
        noun, _, kinds = part.strip().rstrip(".").partition(".` ")
        told |= {f"{noun.strip('`')}.{kind.strip()}" for kind in kinds.split(",")}
    assert told == EVENT_TYPES


def test_every_setting_of_its_own_is_in_the_readme() -> None:
    own = set(Settings.__annotations__) - {"log_url", "pool_size"}
    assert [name for name in sorted(own) if f"`{name.upper()}`" not in README] == []

"""What may come of a call to the gateway: a closed set, so that each is dealt with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from payments.gateways.gateway import NotNow, NotOurs, Refused, Unanswered
from payments.model.intent import GatewayRefund, Intent


@dataclass(frozen=True, slots=True)
class Told:
    """The gateway said how an intent, or a refund, is now."""

    intent: Intent | None = None
    refund: GatewayRefund | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """We looked, and there was none."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer that tells; it may have happened."""

    error: str
    spent: bool = False


@dataclass(frozen=True, slots=True)
class NotRun:
    """The gateway did not run it; `wrong_keys` will not pass by itself."""

    error: str
    wrong_keys: bool = False


@dataclass(frozen=True, slots=True)
class No:
    """Refused for good."""

    code: str
    message: str


Answer = Told | Nothing | Unclear | NotRun | No
T = TypeVar("T")


async def answer_of(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """What comes of a call; a gateway that breaks its word counts as no answer."""
    try:
        return await ask()
    except Refused as error:
        return No(error.code, error.message)
    except NotNow as error:
        return NotRun(str(error))
    except NotOurs as error:
        return NotRun(str(error), wrong_keys=True)
    except Unanswered as error:
        return Unclear(str(error), error.spent)
    except Exception as error:  # noqa: BLE001  whatever it was, the effect may have happened
        return Unclear(repr(error))

"""`/sandbox/v1/_config`: faults on request. JSON, and not a part of Stripe's API."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel

from wareflow_sandbox.api.keys import in_browser, refuse_browser
from wareflow_sandbox.model.faults import FaultBook, FaultRule
from wareflow_sandbox.model.webhook_faults import WebhookFaults, WebhookWeather
from wareflow_sandbox.settings import Settings


class FaultInForce(BaseModel):
    """A rule and how often it hit."""

    rule: FaultRule
    hits: int


class FaultsInForce(BaseModel):
    """Every rule, in the order in which they are asked."""

    faults: list[FaultInForce]


def config_router(settings: Settings, faults: FaultBook, weather: WebhookWeather) -> APIRouter:
    """Rules live in the memory of this process: a restart brings back those of the settings."""
    router = APIRouter(
        prefix="/sandbox/v1/_config",
        tags=["faults"],
        dependencies=[Depends(_secret_key(settings))],
    )

    def in_force() -> FaultsInForce:
        listed = faults.listed()
        return FaultsInForce(faults=[FaultInForce(rule=rule, hits=hits) for rule, hits in listed])

    @router.post("/faults", summary="Add a fault")
    async def add_fault(rule: FaultRule) -> FaultsInForce:
        """Requests that match go wrong from now on; the first rule that hits decides."""
        faults.add(rule)
        return in_force()

    @router.get("/faults", summary="List faults")
    async def list_faults() -> FaultsInForce:
        """The rules in force, and how often each hit."""
        return in_force()

    @router.delete("/faults", summary="Clear faults")
    async def clear_faults() -> FaultsInForce:
        """Nothing goes wrong any more."""
        faults.clear()
        return in_force()

    @router.post("/webhooks", summary="Change how webhooks misbehave")
    async def change_webhooks(wanted: WebhookFaults) -> WebhookFaults:
        """Events from now on are delivered late, twice, or out of order. What is left out goes
        back to normal."""
        weather.change(wanted)
        return weather.faults

    @router.get("/webhooks", summary="How webhooks misbehave")
    async def show_webhooks() -> WebhookFaults:
        """What is in force."""
        return weather.faults

    @router.delete("/webhooks", summary="Webhooks behave")
    async def clear_webhooks() -> WebhookFaults:
        """Back to normal; what was planned before keeps its time."""
        weather.change(WebhookFaults())
        return weather.faults

    _ = (add_fault, list_faults, clear_faults, change_webhooks, show_webhooks, clear_webhooks)
    return router


def _secret_key(settings: Settings) -> Callable[[str | None], Awaitable[None]]:
    async def check(authorization: Annotated[str | None, Header()] = None) -> None:
        refuse_browser(browser=in_browser(authorization, [], settings))

    return check

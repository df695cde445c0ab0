"""Making the gateway misbehave, by the sandbox's own endpoints."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from tests.chaos.schedule import Fault, Strike

from wareflow_sandbox.settings import Settings

_SECRET_KEY = str(Settings.model_fields["secret_key"].default)
_WEBHOOKS: Mapping[str, Any] = {
    "delay_seconds": 0.5,
    "shuffle_seconds": 4,
    "duplicate_probability": 0.3,
    "drop_first": 1,
}


@dataclass(frozen=True)
class Gateway:
    """The sandbox at its address."""

    url: str
    seed: int

    async def disturb(self, strike: Strike) -> bool:
        """Misbehave for as long as the strike lasts; False if it could not be told to: one that
        is just being killed cannot."""
        if strike.fault is Fault.WEBHOOKS:
            what, body = "webhooks", {**_WEBHOOKS, "seed": self.seed}
        else:
            what, body = "faults", self._rule(strike.victim)
        if not await self._tell("POST", what, body):
            return False
        await asyncio.sleep(strike.lasts)
        _ = await self._tell("DELETE", what)
        return True

    async def behave(self) -> None:
        """No fault any more, once it answers."""
        async with asyncio.timeout(60):
            for what in ("faults", "webhooks"):
                while not await self._tell("DELETE", what):  # noqa: ASYNC110  asked again
                    await asyncio.sleep(0.2)

    def _rule(self, kind: str) -> dict[str, Any]:
        """Every other request that changes something, of the shop and of browsers alike."""
        return {
            "match": {"method": "POST", "path_regex": "^/v1/(payment_intents|refunds)"},
            "fault": kind,
            "probability": 0.5,
            "seconds": 1.0 if kind == "slow" else 4.0,
            "seed": self.seed,
        }

    async def _tell(self, method: str, what: str, body: Mapping[str, Any] | None = None) -> bool:
        headers = {"Authorization": f"Bearer {_SECRET_KEY}"}
        async with httpx.AsyncClient(headers=headers, timeout=10, trust_env=False) as http:
            try:
                address = f"{self.url}/sandbox/v1/_config/{what}"
                answer = await http.request(method, address, json=body)
            except httpx.TransportError:
                return False
            return answer.is_success

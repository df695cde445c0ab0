"""What each service of a local shop is told: databases, broker, keys, addresses."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from wareflow.house import SERVICES
from wareflow.state import Running, database_name
from wareflow_kit.auth import Issuer
from wareflow_kit.settings import TrustedIssuer
from wareflow_kit.urls import dsn

STAFF_SCOPES = (
    *("catalog:read", "catalog:write", "inventory:read", "inventory:write"),
    *("orders:read", "orders:write", "payments:read", "payments:write"),
    *("crm:read", "crm:write", "crm:erase", "analytics:read"),
    *(f"{service}:audit" for service in SERVICES),
)
CRM_ISSUER = "https://crm.wareflow.local"
ORDERS_ISSUER = "https://orders.wareflow.local"
STAFF_ISSUER = "https://staff.wareflow.local"
HINTS = (
    *("payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled"),
    *("refund.created", "refund.updated", "refund.failed"),
)
"""The webhooks that payments reads something again for; others it would only store."""
_SECRET_KEY, _PUBLISHABLE_KEY = "sk_test_sandbox", "pk_test_sandbox"


@dataclass(frozen=True)
class Plan:
    """Where everything of a local shop is."""

    data: Path
    postgres: str
    """The server's address."""
    broker: Literal["postgres", "kafka"]
    kafka_bootstrap: str | None
    services: Mapping[str, str]
    """The address of each service, and of the sandbox."""
    front: str
    """The one address of all."""
    log_level: str = "warning"
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Settings by service that differ from the usual: shorter deadlines for a test."""

    @property
    def keys(self) -> Path:
        """The folder of keys and secrets, its owner's only."""
        folder = self.data / "keys"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def issuer(self, name: str, url: str) -> Issuer:
        """An issuer with its key in the data folder."""
        return Issuer.from_file(self.keys / f"{name}.pem", url)

    def staff_token(self) -> str:
        """A token that may do everything, for a month."""
        return self.issuer("staff", STAFF_ISSUER).sign(
            "owner", scopes=STAFF_SCOPES, ttl=timedelta(days=30), kind="staff"
        )

    def webhook_secret(self) -> str:
        """What the sandbox signs webhooks with; made once."""
        path = self.keys / "webhook.secret"
        if not path.exists():
            path.touch(mode=0o600)
            _ = path.write_text("whsec_" + secrets.token_hex(24))
        return path.read_text()

    def trusted(self) -> tuple[TrustedIssuer, ...]:
        """Whose tokens are believed."""
        return (
            self.issuer("staff", STAFF_ISSUER).trusted("staff"),
            self.issuer("crm", CRM_ISSUER).trusted("customer"),
            self.issuer("orders", ORDERS_ISSUER).trusted("order"),
        )

    def running(self) -> Running:
        """What this process runs, for the other commands."""
        return Running(
            pid=os.getpid(),
            url=self.front,
            services=dict(self.services),
            postgres=self.postgres,
            broker=self.broker,
            kafka_bootstrap=self.kafka_bootstrap,
            staff_token=self.staff_token(),
        )

    def settings(self, service: str) -> dict[str, Any]:
        """The fields of a service's `Settings`."""
        shared: dict[str, Any] = {
            "database_url": dsn(self.postgres, database=database_name(service)),
            "pool_size": 10,
            "broker": self.broker,
            "log_url": dsn(self.postgres, database=database_name("log")),
            "kafka_bootstrap": self.kafka_bootstrap,
            "kafka_replication": 1,
            "kafka_min_in_sync": 1,
            "trusted_issuers": self.trusted(),
            "log_level": self.log_level,
        }
        return shared | self._own(service) | dict(self.overrides.get(service, {}))

    def _own(self, service: str) -> dict[str, Any]:
        match service:
            case "orders":
                return {"signing_key": self.keys / "orders.pem", "issuer": ORDERS_ISSUER}
            case "crm":
                return {
                    "signing_key": self.keys / "crm.pem",
                    "issuer": CRM_ISSUER,
                    "mail_folder": self.data / "mails",
                    "storefront_url": self.front,
                }
            case "payments":
                return {
                    "gateway_url": f"{self.services['sandbox']}/sandbox",
                    "gateway_browser_url": f"{self.front}/sandbox",
                    "gateway_key": _SECRET_KEY,
                    "gateway_publishable_key": _PUBLISHABLE_KEY,
                    "webhook_secrets": (self.webhook_secret(),),
                }
            case "catalog":
                imports = self.data / "imports"
                imports.mkdir(exist_ok=True)
                return {"import_folder": imports}
            case "sandbox":
                hook = {
                    "url": f"{self.services['payments']}/payments/v1/webhooks/stripe",
                    "secret": self.webhook_secret(),
                    "events": HINTS,
                }
                return {"webhook_endpoints": (hook,), "public_url": f"{self.front}/sandbox"}
            case _:
                return {}

    def environment(self, service: str) -> dict[str, str]:
        """The same settings as environment variables, for a process of its own."""
        return {
            f"WAREFLOW_{service.upper()}_{name.upper()}": _text(value)
            for name, value in self.settings(service).items()
            if value is not None
        }


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | Path) else json.dumps(value, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, TrustedIssuer):
        return value.model_dump(mode="json")
    return str(value)

"""What the service is told from outside: database, broker, and the gateway's address and keys."""

from pydantic import Field, SecretStr, model_validator

from wareflow_kit.settings import ServiceSettings


class Settings(ServiceSettings, service="payments"):
    """Read once, from `WAREFLOW_PAYMENTS_*`; times are in seconds."""

    gateway_url: str = Field(
        default="https://api.stripe.com", description="Stripe's API, or the sandbox's stand-in"
    )
    gateway_browser_url: str | None = Field(
        default=None, description="Where the browser reaches the gateway, when it is elsewhere"
    )
    gateway_key: SecretStr
    gateway_publishable_key: str
    gateway_timeout: float = Field(default=10, gt=0)
    webhook_secrets: tuple[SecretStr, ...] = Field(
        min_length=1, description="Several while one is being rotated; any of them may sign"
    )
    webhook_tolerance: float = Field(default=300, gt=0)
    webhook_buffer_bytes: int = Field(
        default=16 * 1024 * 1024,
        gt=0,
        description="Of webhooks that are still coming in and larger than 64 KiB, all together",
    )
    webhook_body_timeout: float = Field(default=10, gt=0)
    webhook_poll: float = Field(
        default=0.1,
        gt=0,
        description="Seconds between looks for stored webhooks; one of this process wakes at once",
    )
    in_flight: int = Field(default=16, ge=1, description="Calls to the gateway at the same time")

    @model_validator(mode="after")
    def _keys_are_of_one_mode(self) -> "Settings":
        if self.livemode != self.gateway_publishable_key.startswith("pk_live_"):
            raise ValueError("the secret and the publishable key are of different modes")
        return self

    @property
    def livemode(self) -> bool:
        """Whether the gateway moves real money, as its key's prefix says."""
        return self.gateway_key.get_secret_value().startswith(("sk_live_", "rk_live_"))

    @property
    def browser_url(self) -> str:
        """The gateway's address for the customer's browser."""
        return self.gateway_browser_url or self.gateway_url

"""The sandbox's settings, read once from `WAREFLOW_SANDBOX_*`, then from `WAREFLOW_*`."""

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from wareflow_kit.settings import ServiceSettings


class ConfiguredEndpoint(BaseModel):
    """A receiver of webhooks that is there from the start."""

    model_config = ConfigDict(frozen=True)

    url: str
    secret: str = Field(description="What its webhooks are signed with, such as `whsec_...`")
    events: tuple[str, ...] = ("*",)


class Settings(ServiceSettings, service="sandbox"):
    """Frozen; what is wrong stops the start. Lists are given as JSON."""

    log_url: str | None = ""
    """The sandbox tells by webhook only: there is no log to write to."""
    pool_size: int = Field(default=10, ge=1)
    port: int = Field(default=8090, ge=0, le=65535)
    public_url: str | None = Field(
        default=None,
        description="Where browsers reach it, with `/sandbox`; else as requested",
    )

    secret_key: str = "sk_test_sandbox"  # noqa: S105  a test key is no secret
    publishable_key: str = "pk_test_sandbox"

    webhook_endpoints: tuple[ConfiguredEndpoint, ...] = ()
    webhook_timeout_seconds: float = 10
    webhook_retry_seconds: float = Field(
        default=1, gt=0, description="The first pause; each further one is twice as long"
    )
    settle_seconds: float = Field(
        default=3, ge=0, description="How long late payments and refunds take"
    )

    faults: tuple[dict[str, JsonValue], ...] = Field(
        default=(), description="Faults from the start, as for POST /sandbox/v1/_config/faults"
    )
    webhook_faults: dict[str, JsonValue] = Field(
        default={}, description="As for POST /sandbox/v1/_config/webhooks"
    )

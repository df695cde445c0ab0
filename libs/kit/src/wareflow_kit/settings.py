"""Settings of a service: frozen, read once from the environment, wrong ones stop the start.

`WAREFLOW_ORDERS_PORT` is read first, then `WAREFLOW_PORT`; lists and tables are written as JSON.
"""

from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PrincipalKind = Literal["staff", "customer", "order"]


class TrustedIssuer(BaseModel):
    """Whose tokens are believed, by which keys, and for whom they may speak."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    keys: str | dict[str, Any] = Field(
        description="A JWKS document, the path of a file with one, or an https address"
    )
    kinds: tuple[PrincipalKind, ...]
    audience: str = "wareflow"


class ServiceSettings(BaseSettings):
    """What every service is told; a service's own `Settings(ServiceSettings, service="orders")`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_prefix="WAREFLOW_", hide_input_in_errors=True
    )

    service: ClassVar[str] = ""

    database_url: str = Field(repr=False, description="Holds a password")
    pool_size: int = Field(default=5, ge=1)

    broker: Literal["postgres", "kafka"] = "postgres"
    log_url: str | None = Field(
        default=None, repr=False, description="The database of the `postgres` log"
    )
    kafka_bootstrap: str | None = Field(default=None, description="host:port,host:port")

    kafka_replication: int = Field(default=3, ge=1)
    kafka_min_in_sync: int = Field(default=2, ge=1)
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: str | None = Field(default=None, repr=False)
    kafka_ca_file: str | None = Field(default=None, description="Default: the system's")

    relay_poll: float = Field(
        default=0.03,
        gt=0,
        description="Seconds between looks into the outbox; a commit in this process wakes at once",
    )

    waiting_poll: float = Field(
        default=0.025,
        gt=0,
        description="Seconds between looks for those who wait; a change in this process wakes them",
    )

    trusted_issuers: tuple[TrustedIssuer, ...] = ()
    cors_origins: tuple[str, ...] = ()
    max_body_bytes: int = Field(default=1_048_576, ge=1)
    max_connections: int = Field(
        default=1000, ge=10, description="Beyond, those that keep us waiting longest make room"
    )
    client_patience: float = Field(
        default=10,
        gt=0,
        description="Seconds that a client may be silent while we wait for it",
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    worker_port: int = Field(default=9000, ge=0, le=65535, description="Health and metrics")
    trusted_proxies: str = Field(
        default="127.0.0.1", description="Whose X-Forwarded-For names the client"
    )
    drain_seconds: float = Field(default=25, description="How long a stop may take")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "json", "pretty"] = "auto"

    def __init_subclass__(cls, *, service: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if service:
            cls.service = service

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given by hand, then the service's own variables, then the shared ones."""
        own = EnvSettingsSource(settings_cls, env_prefix=f"WAREFLOW_{cls.service.upper()}_")
        return (init_settings, own, env_settings) if cls.service else (init_settings, env_settings)

    @model_validator(mode="after")
    def _broker_has_an_address(self) -> Self:
        needed = "kafka_bootstrap" if self.broker == "kafka" else "log_url"
        if getattr(self, needed) is None:
            raise ValueError(f"the {self.broker} broker needs {needed}")
        return self

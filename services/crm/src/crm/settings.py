"""Settings of crm."""

from pathlib import Path

from pydantic import Field

from wareflow_kit.settings import ServiceSettings


class Settings(ServiceSettings, service="crm"):
    """What crm is told."""

    issuer: str = Field(default="https://crm.wareflow.local", description="`iss` of its tokens")
    signing_key: Path = Field(description="PEM file of the key that signs customers' tokens")
    session_hours: float = Field(default=12, gt=0)
    verification_hours: float = Field(default=48, gt=0)

    guesses_per_account: int = Field(
        default=10, ge=1, description="Wrong passwords in ten minutes, from whatever addresses"
    )
    resets_per_account: int = Field(
        default=3, ge=1, description="Mails with a link for a new password in an hour"
    )

    mail_from: str = "shop@example.com"
    mail_folder: Path | None = Field(default=None, description="Write mails here as .eml files")
    smtp_host: str | None = Field(default=None, description="Send mails by this server instead")
    smtp_port: int = 587
    smtp_user: str | None = None
    smtp_password: str | None = Field(default=None, repr=False)
    storefront_url: str = Field(default="http://127.0.0.1:8000", description="For links in mails")

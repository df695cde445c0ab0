"""Settings of catalog, read once from the environment as `WAREFLOW_CATALOG_...`."""

from pathlib import Path

from pydantic import Field

from wareflow_kit.settings import ServiceSettings

_EUROPE = (
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR",
    "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE",
    "SI", "SK",
)  # fmt: skip


class Settings(ServiceSettings, service="catalog"):
    """What catalog is told; the default channel is made with `channel_...` at the first start."""

    channel_name: str = "Online shop"
    channel_currency: str = "EUR"
    channel_locale: str = "en"
    channel_countries: tuple[str, ...] = _EUROPE
    channel_prices_include_tax: bool = True
    channel_time_zone: str = "Europe/Berlin"

    keep_answers_seconds: float = Field(
        default=5.0,
        ge=0,
        description="How long a public answer is given out again, but no longer than it says itself"
        " (5 s); a change by staff shows at once",
    )
    import_max_bytes: int = Field(default=512 * 1024 * 1024, gt=0)
    import_folder: Path | None = Field(default=None, description="For files on their way in")

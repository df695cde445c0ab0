"""Settings of analytics."""

from pydantic import Field

from wareflow_kit.settings import ServiceSettings

MOST_EVENTS = 5000
"""In one batch, whatever a shop has set."""


class Settings(ServiceSettings, service="analytics"):
    """What analytics is told."""

    collect_limit: int = Field(default=500, ge=1, le=MOST_EVENTS, description="Events in one batch")
    collect_per_minute: int = Field(default=6000, ge=1, description="Batches of one client")

"""Settings of analytics."""

from pydantic import Field

from wareflow_kit.settings import ServiceSettings


class Settings(ServiceSettings, service="analytics"):
    """What analytics is told."""

    collect_limit: int = Field(default=500, ge=1, le=5000, description="Events in one batch")
    collect_per_minute: int = Field(default=6000, ge=1, description="Batches of one client")

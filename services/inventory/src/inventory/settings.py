"""Settings of `inventory`, read once from the environment (`WAREFLOW_INVENTORY_...`)."""

from wareflow_kit.settings import ServiceSettings


class Settings(ServiceSettings, service="inventory"):
    """What every service is told; inventory needs nothing besides."""

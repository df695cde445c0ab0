"""Settings of the shop."""

from wareflow_kit.settings import ServiceSettings


class Settings(ServiceSettings, service="shop"):
    """One of its own, besides those of every service."""

    greeting: str = "hello"

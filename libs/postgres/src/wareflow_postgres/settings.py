"""The server's settings: what differs from PostgreSQL's defaults, for a laptop."""

from collections.abc import Mapping
from typing import Final

from wareflow_postgres.budget import MAX_CONNECTIONS

Settings = Mapping[str, str | int]

LAPTOP: Final[Settings] = {
    "shared_buffers": "128MB",
    # A session that was forgotten inside a transaction holds locks and keeps vacuum from its work.
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "cluster_name": "wareflow",
}

# For tests: the operating system's crash would damage the folder; a crash of the server does not.
UNSAFE_AND_FAST: Final[Settings] = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",  # the folder may be in memory
}


def settings(*, max_connections: int = MAX_CONNECTIONS, fsync: bool = True) -> dict[str, str | int]:
    """All settings of a server that do not depend on where it listens."""
    speed = {} if fsync else UNSAFE_AND_FAST
    return {**LAPTOP, **speed, "max_connections": max_connections}

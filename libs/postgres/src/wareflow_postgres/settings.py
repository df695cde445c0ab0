"""The server's settings: what differs from PostgreSQL's defaults, for a laptop."""

import sys
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
    # The detail of an error quotes the row: nobody's address belongs into a log.
    "log_error_verbosity": "terse",
    "cluster_name": "wareflow",
}

# After a crash PostgreSQL first syncs every file of the folder, one by one: seconds, for thousands
# of small files of eight databases. Linux can sync a whole file system in one call.
LINUX: Final[Settings] = {"recovery_init_sync_method": "syncfs"}

# For tests: the operating system's crash would damage the folder; a crash of the server does not.
UNSAFE_AND_FAST: Final[Settings] = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",  # the folder may be in memory
}


def settings(*, max_connections: int = MAX_CONNECTIONS, fsync: bool = True) -> dict[str, str | int]:
    """All settings of a server that do not depend on where it listens."""
    speed = {} if fsync else UNSAFE_AND_FAST
    system = LINUX if sys.platform == "linux" else {}
    return {**LAPTOP, **system, **speed, "max_connections": max_connections}

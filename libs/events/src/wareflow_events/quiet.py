"""Keeping a chatty client's passing troubles out of the log: only what lasts is worth a line."""

import logging
import time

_PASSING = 10.0
"""Seconds that a message may repeat before it counts as lasting."""
_FORGOTTEN = 60.0
"""Seconds without a message after which it starts anew; also the pause between two lines of it."""


class OnlyLasting(logging.Filter):
    """Lets a warning through once it has been repeated for ten seconds, then once a minute.

    Right after a topic is made, in a rebalance or when a broker restarts, a Kafka client logs
    errors that it then resolves by itself. Unexpected exceptions always pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[str, tuple[float, float, float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is worth a line."""
        if record.exc_info or record.levelno < logging.WARNING:
            return True
        now = time.monotonic()
        what = f"{record.name}: {record.msg}"
        first, last, passed = self._seen.get(what, (now, now, 0.0))
        if now - last > _FORGOTTEN:
            first = now
        through = now - first > _PASSING and now - passed > _FORGOTTEN
        self._seen[what] = (first, now, now if through else passed)
        return through


def quieten(prefix: str) -> None:
    """Filter every logger that exists below `prefix`, which then logs from WARNING on."""
    parent = logging.getLogger(prefix)
    if parent.level == logging.NOTSET:
        parent.setLevel(logging.WARNING)
    for name in [prefix, *logging.root.manager.loggerDict]:
        logger = logging.getLogger(name)
        below = name == prefix or name.startswith(f"{prefix}.")
        if below and not any(isinstance(f, OnlyLasting) for f in logger.filters):
            logger.addFilter(OnlyLasting())

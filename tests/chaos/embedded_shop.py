"""`python -m tests.chaos.embedded_shop DATA PORT SETTINGS`: the embedded shop until SIGTERM."""

import json
import sys
from pathlib import Path

import uvloop

from wareflow.embedded import Options, embedded
from wareflow_kit.logs import configure_logs
from wareflow_kit.serving import stop_on_signals


async def main(data: Path, port: int, settings: str) -> None:
    """Run it; `settings` is JSON: what differs from the usual, by service."""
    configure_logs(level="warning", form="json")
    stop = stop_on_signals()
    options = Options(data=data, port=port, overrides=json.loads(settings))
    async with embedded(options, say=lambda _: None):
        _ = await stop.wait()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))

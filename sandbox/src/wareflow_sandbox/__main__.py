"""`python -m wareflow_sandbox`: migrate, then answer and deliver, in one process."""

import asyncio
import sys

import uvloop
from pydantic import ValidationError

from wareflow_kit.database import migrate
from wareflow_kit.garbage import collect_seldom
from wareflow_kit.logs import configure_logs
from wareflow_kit.serving import serve, stop_on_signals
from wareflow_sandbox.main import Sandbox, build
from wareflow_sandbox.settings import Settings


async def run(sandbox: Sandbox) -> int:
    """Until a signal or a failure; the exit code."""
    settings = sandbox.settings
    stop = stop_on_signals()
    try:
        await migrate("wareflow_sandbox", settings.database_url)
        async with sandbox.worker(on_fatal=lambda _part, _error: stop.set()) as supervisor:
            started = await serve(sandbox.app, settings, port=settings.port, stop=stop)
    finally:
        await sandbox.close()
    return 1 if supervisor.failures or not started else 0


def main() -> None:
    """Read the settings and run."""
    try:
        settings = Settings()  # pyright: ignore[reportCallIssue]  the environment gives the rest
        sandbox = build(settings)
    except ValidationError as error:
        sys.exit(f"The settings are not right:\n{error}")
    configure_logs(level=settings.log_level, form=settings.log_format)
    collect_seldom()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(run(sandbox)))


if __name__ == "__main__":
    main()

"""A test program: the embedded shop in a process that dies at a fail point, and comes back.

`python crash_shop.py DATA PORT POSTGRES` imports everything once and then forks the shop; when
that dies at a fail point it is forked again, so that a crash costs a start and not the imports.
The shop reads lines of `arm NAME HIT [SUBJECT]` and `disarm`, and ends with its input. What is
said: `ready`, `armed NAME`, `disarmed`, and `ended CODE` of a shop that is no more.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import uvloop

from wareflow.embedded import Options, embedded
from wareflow.house import SERVICES
from wareflow_events.failpoints import about, arm, declared, die, disarm, on_hit
from wareflow_kit.logs import configure_logs

CRASHED = 9


def say(*words: object) -> None:
    """Tell whoever started this program."""
    _ = sys.stdout.write(" ".join(map(str, words)) + "\n")
    _ = sys.stdout.flush()


async def lines_of_input() -> AsyncIterator[str]:
    """What we are told, until there is nothing more to come."""
    reader = asyncio.StreamReader()
    _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        yield line.decode().strip()


def obey(line: str) -> None:
    """Arm a place, or make all of them inert."""
    match line.split():
        case ["arm", name, hit, *subject]:
            action = on_hit(int(hit), die)
            if name in declared():  # else it is a command's place, and none of the shop's
                arm(name, about(subject[0], action) if subject else action)
            say("armed", name)
        case ["disarm"]:
            disarm()
            say("disarmed")
        case _:
            raise ValueError(f"what is {line!r}?")


async def shop(options: Options) -> None:
    """Run the shop until the input ends."""

    def died(part: str, error: BaseException) -> None:
        say("broken", part, repr(error))

    async with embedded(options, say=lambda _: None, on_fatal=died):
        say("ready")
        async for line in lines_of_input():
            obey(line)


def main(data: str, port: str, postgres: str) -> int:
    """Keep the shop up through its crashes; the code of the one that ended otherwise."""
    options = Options(data=Path(data), port=int(port), server_url=postgres)
    for name in (*SERVICES, "wareflow_sandbox"):
        _ = import_module(f"{name}.main")
    configure_logs(level="warning", form="json")
    while True:
        child = os.fork()
        if child == 0:
            uvloop.run(shop(options))
            return 0
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        say("ended", code)
        if code != CRASHED:
            return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

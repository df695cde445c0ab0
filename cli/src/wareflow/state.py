"""What a running shop writes down so that the other commands find it."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from wareflow_kit.urls import dsn

DEFAULT_DATA = Path(".data")
_FILE = "running.json"


class NotRunning(RuntimeError):
    """No shop runs on this data folder."""


class Running(BaseModel):
    """Addresses and keys of a running shop; the file is its owner's only."""

    model_config = ConfigDict(frozen=True)

    pid: int
    url: str
    """Where all services are reached under one address."""
    services: dict[str, str]
    """Each service's own address; the same as `url` when all run in one process."""
    postgres: str
    """The server's address, with the maintenance database."""
    broker: Literal["postgres", "kafka"]
    kafka_bootstrap: str | None = None
    staff_token: str

    def database(self, name: str) -> str:
        """The address of one of its databases."""
        return dsn(self.postgres, database=name)


def database_name(service: str) -> str:
    """The database of a service, of the log, or of the sandbox."""
    return f"wareflow_{service}"


def write(data: Path, running: Running) -> None:
    """Write the file, whole or not at all."""
    draft = data / f"{_FILE}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        _ = file.write(running.model_dump_json(indent=2))
    _ = draft.replace(data / _FILE)


def read(data: Path) -> Running:
    """The shop that runs on a folder; `NotRunning` with what to do if there is none."""
    path = data / _FILE
    if not path.exists():
        raise NotRunning(f"no shop runs on {data}: start one with `make run`")
    running = Running.model_validate_json(path.read_bytes())
    try:
        os.kill(running.pid, 0)
    except ProcessLookupError:
        raise NotRunning(f"the shop on {data} has ended: start it with `make run`") from None
    return running


def remove(data: Path) -> None:
    """Say that the shop no longer runs."""
    (data / _FILE).unlink(missing_ok=True)

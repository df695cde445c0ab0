"""A running shop for hostile callers, and its apps to look at."""

import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from tests.hostile.services import paper_plan
from tests.hostile.world import World, running_world

from wareflow.embedded import compose
from wareflow_kit.service import Service
from wareflow_kit.unplugged import Unplugged


@pytest.fixture(scope="session")
def hostile_folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="wareflow-hostile-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(scope="session")
async def world(hostile_folder: Path) -> AsyncGenerator[World]:
    """One shop, shared by all that are hostile to it."""
    async with running_world(hostile_folder / "shop") as made:
        yield made


@pytest.fixture(scope="session")
async def apps(hostile_folder: Path) -> AsyncGenerator[dict[str, Service]]:
    """Every service, composed and not started."""
    folder = hostile_folder / "paper"
    folder.mkdir()
    services = compose(paper_plan(folder), Unplugged())
    yield services
    for service in services.values():
        await service.close()

"""A minute of chaos in each form: every process is killed, and every promise holds.

`make chaos SECONDS=600 SEED=1` and `make chaos-embedded` are the long form.
"""

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.chaos.run import Plan, Watch, run
from tests.chaos.schedule import PROCESSES, Fault
from tests.chaos.stages import Stage, many_processes, one_process
from tests.chaos.verdict import Found
from tools.kafka.find_kafka import for_tests
from tools.kafka.local_kafka import LocalKafka

A_MINUTE = Plan(seconds=60, seed=1)


@pytest.fixture
def data() -> Generator[Path]:
    """A folder that another user, the database server's, may pass; kept when the test fails."""
    folder = Path(tempfile.mkdtemp(prefix="wareflow-chaos-"))
    folder.chmod(0o711)
    yield folder
    if not (folder / "keep").exists():
        shutil.rmtree(folder)


async def chaos(stage: Stage) -> Found:
    """A minute of it."""
    found = await run(stage, A_MINUTE, Watch())
    if not found.holds:
        (stage.data / "keep").touch()
    assert found.breaches == [], f"data and logs are kept in {stage.data}"
    assert found.figures["placed"] > 0
    return found


@pytest.mark.kafka
@pytest.mark.timeout(900)
async def test_every_promise_holds_though_every_process_is_killed(data: Path) -> None:
    with for_tests(LocalKafka) as kafka:
        async with many_processes(data, kafka) as stage:
            found = await chaos(stage)
    assert found.hits[Fault.KILL] == len(PROCESSES)
    assert found.hits[Fault.BROKER] >= 1


@pytest.mark.timeout(900)
async def test_every_promise_holds_though_the_embedded_shop_is_killed(data: Path) -> None:
    async with one_process(data) as stage:
        found = await chaos(stage)
    assert found.hits[Fault.KILL] >= 3
    assert found.hits[Fault.POSTGRES] >= 1

"""Every service, composed for a shop that does not run, and every operation of theirs."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.hostile.document import Operation, operations

from wareflow.configuration import Plan
from wareflow.embedded import compose
from wareflow.house import SERVICES
from wareflow_kit.service import Service
from wareflow_kit.unplugged import Unplugged

_NOWHERE = "http://127.0.0.1:1"


def _paper_plan(folder: Path) -> Plan:
    """Where a shop would be that nobody starts: enough to look at its apps."""
    return Plan(
        data=folder,
        postgres="postgresql://nobody@127.0.0.1:1/none",
        broker="postgres",
        kafka_bootstrap=None,
        services=dict.fromkeys((*SERVICES, "sandbox"), _NOWHERE),
        front=_NOWHERE,
    )


@cache
def services() -> dict[str, Service]:
    """Every service by its name, to look at before there is a loop or a fixture."""
    with TemporaryDirectory() as folder:
        return compose(_paper_plan(Path(folder)), Unplugged())


@cache
def every_operation() -> tuple[Operation, ...]:
    """The operations of every service."""
    return tuple(
        operation
        for name, service in services().items()
        for operation in operations(name, service.app.openapi())
    )

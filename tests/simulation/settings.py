"""What the services are told in a run: short deadlines, and a gateway with moods."""

import random
from pathlib import Path
from typing import Any

from tests.simulation.chance import dice
from tests.simulation.databases import PARTS

from wareflow.configuration import Plan

_SHARED: dict[str, Any] = {"relay_poll": 1.0, "waiting_poll": 0.2, "pool_size": 5}
_FAULTS = (
    *("timeout_before", "timeout_after", "error_500", "error_500_after"),
    *("conflict_409", "rate_limit_429", "slow"),
)


def plan_of(folder: Path, postgres: str, seed: int) -> Plan:
    """Where everything is; deadlines are so short that they race with everything else."""
    return Plan(
        data=folder,
        postgres=postgres,
        broker="postgres",
        kafka_bootstrap=None,
        services={name: f"http://{name}" for name in PARTS},
        front="http://sandbox",  # the one address that a browser asks for
        log_level="error",
        overrides={
            **dict.fromkeys(PARTS, _SHARED),
            "orders": _SHARED | {"reserve_within": "PT8S", "pay_within": "PT8S"},
            "payments": _SHARED | {"gateway_timeout": 2},
            "sandbox": _gateway(seed),
        },
    )


def _gateway(seed: int) -> dict[str, Any]:
    chance = dice(seed, "gateway")
    return {
        "settle_seconds": 0.5,
        "webhook_retry_seconds": 0.2,
        "faults": [_fault(chance) for _ in range(chance.choice((0, 1, 2, 4)) if seed else 0)],
        "webhook_faults": {
            "shuffle_seconds": chance.choice((0, 0, 1, 5)),
            "duplicate_probability": chance.choice((0, 0.5)),
            "drop_first": chance.choice((0, 0, 0, 1)),
            "seed": seed,
        },
    }


def _fault(chance: random.Random) -> dict[str, Any]:
    return {
        "match": {"path_regex": chance.choice(("", "refunds", "cancel", "payment_intents$"))},
        "fault": chance.choice(_FAULTS),
        "after": chance.randrange(4),
        "times": chance.randint(1, 3),
        "seconds": 3.0,
        "seed": chance.getrandbits(32),
    }

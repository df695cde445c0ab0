"""One service, fuzzed: schemathesis in a process of its own, and the figures that it leaves."""

import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hostile.world import World

_SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
_CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_schema_conformance", "response_headers_conformance"),
    *("every_status_is_named", "problems_are_problem_documents", "nothing_inside_is_told"),
)
_TIMEOUT = 35
"""Seconds; `Prefer: wait=` may hold an answer for 30."""


@dataclass
class Fuzzed:
    """What came of it."""

    service: str
    passed: bool
    output: str
    statuses: Counter[str] = field(default_factory=Counter[str])
    hangs: list[str] = field(default_factory=list[str])
    slowest: float = 0

    @property
    def requests(self) -> int:
        """How many were answered."""
        return sum(self.statuses.values())

    def line(self) -> str:
        """In one line."""
        kinds = Counter[str]()
        for status, times in self.statuses.items():
            kinds[f"{status[0]}xx"] += times
        told = ", ".join(f"{times:,} {kind}" for kind, times in sorted(kinds.items()))
        verdict = "holds" if self.passed else "FAILS"
        return (
            f"{self.service:<10} {verdict}  {self.requests:>7,} requests ({told}), "
            f"{len(self.hangs)} hangs, slowest {self.slowest:.1f} s"
        )


async def fuzz(
    world: World,
    service: str,
    brief: Mapping[str, Any],
    *,
    examples: int,
    seed: int,
    phases: str,
    show: bool,
) -> Fuzzed:
    """Generate `examples` requests per operation and phase; the same seed makes the same ones."""
    with tempfile.TemporaryDirectory(prefix="wareflow-fuzz-") as name:
        folder = Path(name)
        report = folder / "figures.json"
        told = folder / "briefing.json"
        told.write_text(json.dumps({**brief, "report": str(report), "seed": seed}))
        options = {
            "--max-examples": examples,
            "--seed": seed,
            "--phases": phases,
            "--request-timeout": _TIMEOUT,
            "--checks": ",".join(_CHECKS),
            "--suppress-health-check": "all",
            "--warnings": "off",
            "--generation-database": "none",
        }
        process = await asyncio.create_subprocess_exec(
            *(str(_SCHEMATHESIS), "--no-color", "run"),
            f"{world.base(service)}/{service}/openapi.json",
            *("--continue-on-failure", "--no-shrink"),
            *(str(word) for option in options.items() for word in option),
            cwd=folder,
            env={
                **os.environ,
                "FUZZ": str(told),
                "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
                "PYTHONPATH": str(Path(__file__).parents[2]),
            },
            stdout=None if show else asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        output = (said or b"").decode(errors="replace")
        figures: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
        fuzzed = Fuzzed(service, passed=process.returncode == 0, output=output)
        fuzzed.statuses.update(figures.get("statuses", {}))
        fuzzed.hangs += figures.get("hangs", [])
        fuzzed.slowest = figures.get("slowest", 0)
        fuzzed.passed &= not fuzzed.hangs and fuzzed.requests > 0
        return fuzzed


async def briefing(world: World) -> dict[str, Any]:
    """Things of two customers, and how to come as either."""
    deeds = [await world.deed() for _ in range(2)]
    things: dict[str, list[str]] = {}
    for deed in deeds:
        for name, value in deed.things.items():
            if isinstance(value, str):
                things.setdefault(name, []).append(value)
    return {
        "staff": world.story.running.staff_token,
        "things": things,
        "tokens": {
            "cart": {deed.things["cart_id"]: deed.cart_token for deed in deeds},
            "order": {deed.things["order_id"]: deed.order_token for deed in deeds},
            "customer": {deed.things["customer_id"]: deed.customer_token for deed in deeds},
        },
    }

"""pgbench, from the loading core: what PostgreSQL itself does of a statement in a second."""

import asyncio
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.machine import LOADING, on
from wareflow_postgres.binaries import find_bin_dir


async def transactions_per_second(
    url: str, scripts: Sequence[str], *, seconds: float, clients: int
) -> float:
    """So many clients run the scripts, one picked at random each time, as prepared statements."""
    with tempfile.TemporaryDirectory(prefix="wareflow-pgbench-") as folder:
        chosen: list[str] = []
        for number, script in enumerate(scripts):
            path = Path(folder) / f"{number}.sql"
            _ = path.write_text(script)
            chosen += ["--file", str(path)]
        process = await asyncio.create_subprocess_exec(
            *(str(find_bin_dir() / "pgbench"), "--no-vacuum", "--protocol=prepared", *chosen),
            *(f"--client={clients}", f"--time={max(1, round(seconds))}", url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            preexec_fn=on(LOADING),
        )
        said, errors = await process.communicate()
    found = re.search(r"^tps = ([\d.]+)", said.decode(), re.MULTILINE)
    if process.returncode or found is None:
        raise RuntimeError(f"pgbench: {errors.decode()[-2000:]}")
    return float(found[1])

"""The machine: what it is, and who runs on which of its cores."""

import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

from wareflow_postgres.binaries import find_bin_dir

_ROOT = Path(__file__).parents[1]
CORES = sorted(os.sched_getaffinity(0))
SERVING, LOADING = CORES[0], CORES[-1]
"""The core of services, PostgreSQL, broker and floors; and that of the load generator."""


def take_the_loading_core() -> None:
    """From now on this process makes load, on a core of its own if there are two."""
    os.sched_setaffinity(0, {LOADING})


def on(*cores: int) -> Callable[[], None]:
    """For `preexec_fn`: the child and all it starts run on these cores."""
    return lambda: os.sched_setaffinity(0, cores)


def description() -> str:
    """Processor, cores, memory and versions, on one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return ", ".join(
        (
            _processor(),
            f"{len(CORES)} cores",
            f"{memory:.0f} GB",
            f"{platform.system()} {platform.release()}",
            f"Python {platform.python_version()}",
            _postgres(),
        )
    )


def commit() -> str:
    """The commit that is measured; with a `+` when files differ from it."""
    changed = _git(
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ".",
        ":!bench/RESULTS.md",
        ":!bench/results.json",
    )
    return _git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")


def _git(*arguments: str) -> str:
    answer = subprocess.run(
        ["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() if answer.returncode == 0 else "unknown"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _postgres() -> str:
    command = [str(find_bin_dir() / "postgres"), "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return answer.removeprefix("postgres (").replace(")", "")

"""The processor time of a process and of all it has started, by what they are."""

import os
from collections import Counter
from pathlib import Path

from bench.memory import tree

_TICKS = os.sysconf("SC_CLK_TCK")
_KINDS = {"postgres": "PostgreSQL", "java": "Kafka"}


def spent(pid: int) -> Counter[str]:
    """Milliseconds of Python, PostgreSQL and Kafka since each process began."""
    took: Counter[str] = Counter()
    for each in tree(pid):
        try:
            name, _, fields = Path(f"/proc/{each}/stat").read_text().rpartition(") ")
        except OSError:
            continue  # it has ended
        of = fields.split()
        kind = _KINDS.get(name.partition("(")[2], "Python")
        took[kind] += (int(of[11]) + int(of[12])) * 1000 // _TICKS
    return took

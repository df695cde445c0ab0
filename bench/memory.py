"""The memory of a process and of all it has started: PSS, so that shared pages count once."""

import re
from collections import defaultdict
from pathlib import Path

_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


def tree(pid: int) -> set[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        children[int(fields[1])].append(int(stat.parent.name))
    found, left = {pid}, [pid]
    while left:
        born = children[left.pop()]
        found.update(born)
        left += born
    return found


def megabytes(pids: set[int]) -> float:
    """Their proportional set size (a page that n processes share counts 1/n in each)."""
    kilobytes = 0
    for pid in pids:
        try:
            rolled = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if found := _PSS.search(rolled):
            kilobytes += int(found[1])
    return kilobytes / 1024

"""`python -m bench` measures the real shop and writes down what it found."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from bench import machine
from bench.memory import megabytes, tree
from bench.rows import read


async def _bench(*arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_tiny_run_writes_its_rows_with_their_floors(tmp_path: Path) -> None:
    code, said = await _bench("product", "flash", "--tiny", "--into", str(tmp_path))
    assert code == 0, said
    rows = read(tmp_path / "results.json")
    assert {row.measure for row in rows} == {"product", "flash"}
    assert all(row.value > 0 and row.floor and row.sizes == "tiny" for row in rows)
    sold = next(row for row in rows if row.name.startswith("sold of"))
    assert sold.value == sold.floor
    page = (tmp_path / "RESULTS.md").read_text()
    assert all(row.name in page for row in rows)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_profile_shares_out_all_of_pythons_time(tmp_path: Path) -> None:
    code, said = await _bench("profile", "--tiny", "--into", str(tmp_path))
    assert code == 0, said
    took = {row.name: row.value for row in read(tmp_path / "results.json")}
    for what in ("an order", "a product once", "a list once"):
        libraries = [ms for name, ms in took.items() if name.startswith(f"{what}: Python in ")]
        assert 0.8 <= sum(libraries) / took[f"{what}: Python"] <= 1.01
        assert f"{what}: PostgreSQL" in took
    assert "an order: Python in sqlalchemy" in took


async def test_a_measure_that_does_not_exist_is_refused() -> None:
    code, said = await _bench("speed")
    assert code == 1
    assert "no such measure: speed" in said


async def test_tiny_figures_never_go_among_the_real_ones() -> None:
    code, said = await _bench("--tiny")
    assert code == 1
    assert "--into" in said


def test_the_machine_says_what_it_is() -> None:
    assert "PostgreSQL" in machine.description()
    assert machine.SERVING in os.sched_getaffinity(0)


def test_the_memory_of_a_process_counts_its_children() -> None:
    mine = tree(os.getpid())
    assert os.getpid() in mine
    assert megabytes(mine) >= megabytes({os.getpid()}) > 1

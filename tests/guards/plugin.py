"""A pytest plugin that runs proofs whole and without their guards: `-p tests.guards.plugin`.

With `--without NAME` (`all` for every guard) a proof of that guard runs once as it is, where it
must pass, and once with the guard off, where it must fail: by an exception of the test or a failed
check after it, never by a fixture that could not be set up.
"""

import asyncio
import gc
import warnings
from collections.abc import AsyncGenerator, Generator
from typing import Any

import pytest
from tests.guards.guard import Guard
from tests.guards.switches import GUARDS

from wareflow_events.contract import support

_PATIENCE = 4.0
"""Seconds after which what has not come about without a guard is taken not to come about."""


RED = pytest.StashKey[dict[tuple[str, str], str]]()
"""By guard and proof: how the proof failed without the guard, as it must."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without",
        action="append",
        default=[],
        choices=["all", *GUARDS],
        help="run the proofs of this guard with it off: they must fail",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The proofs of the guards that are asked for are what is run, unless tests are named."""
    config.stash[RED] = {}
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        proofs = [proof for guard in _asked_for(config) for proof in guard.proofs]
        config.args = list(dict.fromkeys(proofs)) or config.args


def _asked_for(config: pytest.Config) -> list[Guard]:
    names: list[str] = config.getoption("--without") or []
    return [guard for guard in GUARDS.values() if {guard.name, "all"} & set(names)]


def pytest_collection_finish() -> None:
    """All that was imported stays: no need to look through it again after each proof."""
    _ = gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A proof runs whole, then without each guard that it proves."""
    proof = metafunc.definition.nodeid
    off = [guard for guard in _asked_for(metafunc.config) if proof in guard.proofs]
    if off:
        ids = ["whole", *(f"without-{guard.name}" for guard in off)]
        metafunc.parametrize("without_a_guard", [None, *off], ids=ids, indirect=True)


@pytest.fixture(autouse=True)
async def without_a_guard(request: pytest.FixtureRequest) -> AsyncGenerator[None]:
    """Whatever else a test is given is made, used and checked with the guard off."""
    guard: Guard | None = getattr(request, "param", None)
    if guard is None:
        yield
        return
    before = asyncio.all_tasks()
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        defaults = support.eventually.__kwdefaults__
        assert defaults is not None
        patch.setitem(defaults, "within", _PATIENCE)
        with guard.off():
            yield
        await _end_what_is_left(before)
        _ = gc.collect()  # what it leaves must not be found, and warned of, in a later test


async def _end_what_is_left(before: set[asyncio.Task[Any]]) -> None:
    """A test that failed half-way leaves work behind that no later test should meet."""
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        _ = task.cancel()
    _ = await asyncio.gather(*left, return_exceptions=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Without its guard, a proof that fails has done its duty."""
    report = yield
    guard = _off(item)
    if guard is None or report.when == "setup":
        return report
    if call.excinfo is not None and _is_a_failure(call):
        how = call.excinfo.exconly(tryshort=True).splitlines()[0]
        _ = item.config.stash[RED].setdefault((guard.name, item.nodeid.partition("[")[0]), how)
        report.outcome = "passed"
    return report


def _is_a_failure(call: pytest.CallInfo[None]) -> bool:
    assert call.excinfo is not None
    return call.when == "call" or call.excinfo.errisinstance(AssertionError)


def _off(item: pytest.Item) -> Guard | None:
    spec = getattr(item, "callspec", None)
    return spec.params.get("without_a_guard") if spec else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A proof that does not need its guard fails the run."""
    red = session.config.stash[RED]
    proofs = {(guard.name, proof) for guard in _asked_for(session.config) for proof in guard.proofs}
    if proofs - red.keys() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """For each guard what would happen without it, and which proof said so."""
    for guard in _asked_for(config):
        terminalreporter.section(f"without {guard.name}", sep="-", bold=True)
        terminalreporter.line(f"{guard.against}:")
        for proof in guard.proofs:
            how = config.stash[RED].get((guard.name, proof))
            terminalreporter.line(f"  {proof.rpartition('::')[2]}")
            if how is None:
                terminalreporter.line("    NOT RED: the proof does not need the guard", red=True)
            else:
                terminalreporter.line(f"    red: {how}", green=True)

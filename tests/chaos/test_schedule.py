"""The schedule replays, hits everything, and is dense enough."""

from collections import Counter

import pytest
from tests.chaos.schedule import GATEWAY_FAULTS, PROCESSES, Fault, Strike, schedule

from wareflow.house import SERVICES

FORMS = pytest.mark.parametrize("embedded", [False, True])
HARD = (Fault.KILL, Fault.STOP, Fault.BROKER, Fault.POSTGRES)


def victims(strikes: list[Strike], fault: Fault) -> set[str]:
    return {strike.victim for strike in strikes if strike.fault is fault}


@FORMS
def test_a_seed_gives_the_same_strikes_each_time(*, embedded: bool) -> None:
    first = schedule(seed=7, seconds=120, embedded=embedded)
    assert first == schedule(seed=7, seconds=120, embedded=embedded)
    assert first != schedule(seed=8, seconds=120, embedded=embedded)


@FORMS
@pytest.mark.parametrize("seconds", [60, 150, 600])
def test_everything_happens_however_short_the_run(seconds: float, *, embedded: bool) -> None:
    strikes = schedule(seed=1, seconds=seconds, embedded=embedded)
    assert victims(strikes, Fault.KILL) == ({"shop"} if embedded else set(PROCESSES))
    assert victims(strikes, Fault.GATEWAY) == set(GATEWAY_FAULTS)
    assert {strike.fault for strike in strikes} == set(Fault) - (
        {Fault.BROKER} if embedded else set[Fault]()
    )


def test_every_process_of_the_house_is_a_victim() -> None:
    assert set(PROCESSES) == {"sandbox"} | {f"{s}-{r}" for s in SERVICES for r in ("api", "worker")}


@FORMS
@pytest.mark.parametrize("seed", range(5))
def test_ten_minutes_hold_at_least_sixty_kills(seed: int, *, embedded: bool) -> None:
    counts = Counter(s.fault for s in schedule(seed=seed, seconds=600, embedded=embedded))
    assert sum(counts[fault] for fault in HARD) >= 60


@FORMS
@pytest.mark.parametrize("seed", range(5))
def test_it_ends_in_peace(seed: int, *, embedded: bool) -> None:
    strikes = schedule(seed=seed, seconds=60, embedded=embedded)
    times = [strike.at for strike in strikes]
    assert times == sorted(times)
    assert times[0] >= 0
    assert max(strike.at + strike.lasts for strike in strikes) <= 66
    assert times[-1] <= 54

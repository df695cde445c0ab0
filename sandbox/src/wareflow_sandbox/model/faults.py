"""Faults on request: what goes wrong, where, how often; the same seed gives the same faults."""

import re
from random import Random
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

FaultKind = Literal[
    "timeout_before",
    "timeout_after",
    "error_500",
    "error_500_after",
    "conflict_409",
    "rate_limit_429",
    "slow",
    "forgotten",
]


def _a_regex(pattern: str) -> str:
    try:
        _ = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


class Match(BaseModel):
    """Which requests a rule is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["GET", "POST", "DELETE"] | None = Field(
        default=None, description="None: any method"
    )
    path_regex: Annotated[str, AfterValidator(_a_regex)] = Field(
        default="", description="Searched in the path as Stripe has it, such as `^/v1/refunds$`"
    )


class FaultRule(BaseModel):
    """One kind of fault for the requests that match."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    match: Match = Match()
    fault: FaultKind = Field(
        description="timeout_before: nothing is done and no answer comes. timeout_after: it is done"
        " and no answer comes. error_500: nothing is done; the key keeps the 500. error_500_after:"
        " it is done; the key keeps the 500. conflict_409, rate_limit_429: refused before anything"
        " runs. slow: answered late. forgotten: answered as done, and it is not, as by a gateway"
        " that loses what it had promised."
    )
    times: int | None = Field(default=None, ge=1, description="How often; None: for ever")
    after: int = Field(default=0, ge=0, description="How many matching requests pass first")
    probability: float = Field(default=1.0, ge=0, le=1)
    seconds: float | None = Field(
        default=None, ge=0, description="How long: `slow` 1 s, timeouts 90 s unless given"
    )
    seed: int = 0

    @property
    def pause(self) -> float:
        """Seconds to wait."""
        if self.seconds is not None:
            return self.seconds
        return 1.0 if self.fault == "slow" else 90.0


class _Live:
    def __init__(self, rule: FaultRule) -> None:
        self.rule = rule
        self._random = Random(rule.seed)  # noqa: S311  chance that must be repeatable
        self._path = re.compile(rule.match.path_regex)
        self.passed = 0
        self.hits = 0

    def draw(self, method: str, path: str) -> bool:
        rule = self.rule
        if rule.times is not None and self.hits >= rule.times:
            return False
        if rule.match.method not in {None, method} or not self._path.search(path):
            return False
        if self.passed < rule.after:
            self.passed += 1
            return False
        if self._random.random() >= rule.probability:
            return False
        self.hits += 1
        return True


class FaultBook:
    """The rules in force, in the memory of this process; the first that hits decides."""

    def __init__(self, rules: tuple[FaultRule, ...] = ()) -> None:
        self._live = [_Live(rule) for rule in rules]

    def add(self, rule: FaultRule) -> None:
        """One more rule, asked last."""
        self._live.append(_Live(rule))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._live.clear()

    def draw(self, method: str, path: str) -> FaultRule | None:
        """What goes wrong with this request, if anything."""
        return next((live.rule for live in self._live if live.draw(method, path)), None)

    def listed(self) -> list[tuple[FaultRule, int]]:
        """Every rule with how often it hit."""
        return [(live.rule, live.hits) for live in self._live]

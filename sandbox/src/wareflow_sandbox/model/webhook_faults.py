"""How webhooks misbehave on request: late, twice, out of order, lost at first."""

from random import Random

from pydantic import BaseModel, ConfigDict, Field


class WebhookFaults(BaseModel):
    """What to do to deliveries from now on; the defaults do nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delay_seconds: float = Field(default=0, ge=0, description="Every delivery is this late")
    shuffle_seconds: float = Field(
        default=0, ge=0, description="Each is late by up to this, by chance: they overtake"
    )
    duplicate_probability: float = Field(
        default=0, ge=0, le=1, description="How likely an event is sent a second time"
    )
    drop_first: int = Field(
        default=0, ge=0, description="How many attempts of every delivery are lost on the way"
    )
    seed: int = 0


class WebhookWeather:
    """The faults in force, in the memory of this process, and their dice."""

    def __init__(self, faults: WebhookFaults) -> None:
        self.faults = faults
        self._random = Random(faults.seed)  # noqa: S311  chance that must be repeatable

    def change(self, faults: WebhookFaults) -> None:
        """Other faults, with fresh dice."""
        self.faults = faults
        self._random = Random(faults.seed)  # noqa: S311

    def delays(self) -> list[float]:
        """For the next event: after how many seconds it is delivered, once or twice."""
        faults = self.faults
        copies = 2 if self._random.random() < faults.duplicate_probability else 1
        return [
            faults.delay_seconds + self._random.random() * faults.shuffle_seconds
            for _ in range(copies)
        ]

    def loses(self, *, attempt: int) -> bool:
        """Whether this attempt (from 1) never arrives."""
        return attempt <= self.faults.drop_first

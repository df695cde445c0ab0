"""A stream of records: good ones, the same again, and broken ones, all from one seed."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

from tests.hostile.event_breaks import BREAKS, Must
from tests.hostile.event_values import Values

from wareflow_events.broker import Record
from wareflow_events.compatibility import frozen
from wareflow_events.envelope import Envelope, source_of, to_record
from wareflow_events.ids import new_id

WAVE = 2500
"""So many are sent, and heard by all, before the next."""
GOOD, AGAIN, REUSED = "good", "the same again", "another event under a used id"


@dataclass(frozen=True, slots=True)
class Sent:
    """A record, how it came about, and what has to become of it."""

    record: Record
    type: str
    way: str
    must: Must


class Stream:
    """Records without end. `broken` of them are broken, `again` of them were there before."""

    def __init__(
        self, seed: int, now: datetime, *, broken: float = 0.06, again: float = 0.05
    ) -> None:
        self._rng = Random(seed)
        self._now = now
        self._documents = list(frozen().values())
        self._values = Values(self._rng, now)
        self._broken = broken
        self._again = again
        self._sent: deque[Sent] = deque(maxlen=2 * WAVE)

    def every_break(self, one_in: int) -> Iterator[Sent]:
        """Each way of breaking once on each type, or on one in so many; all on different keys."""
        for number, document in enumerate(self._documents):
            for place, one in enumerate(BREAKS):
                if (number + place) % one_in:
                    continue
                values = Values(self._rng, self._now)
                good = self._good(values, document)
                yield Sent(one.make(good.record, self._rng), good.type, one.name, one.must)

    def take(self, number: int) -> Iterator[Sent]:
        """The next records."""
        for _ in range(number):
            roll = self._rng.random()
            if self._sent and roll < self._again:
                sent = self._repeat()
            else:
                good = self._good(self._values, self._rng.choice(self._documents))
                sent = good
                if roll < self._again + self._broken:
                    one = self._rng.choice(BREAKS)
                    record = one.make(good.record, self._rng)
                    sent = Sent(record, good.type, one.name, one.must)
            self._sent.append(sent)
            yield sent

    def _good(self, values: Values, document: dict[str, object]) -> Sent:
        payload = values.payload(document)
        type_ = str(document["type"])
        envelope = Envelope(
            id=new_id(at=self._now),
            type=type_,
            source=source_of(type_.split(".")[1]),
            time=self._now,
            key=str(payload[str(document["key"])]).lower(),
            data=json.dumps(payload).encode(),
            sequence=self._rng.randrange(1, 1000),
        )
        return Sent(to_record(envelope), type_, GOOD, Must.HAVE_A_FATE)

    def _repeat(self) -> Sent:
        long_ago = len(self._sent) - WAVE
        if long_ago <= 0 or self._rng.random() < 0.5:
            return replace(self._rng.choice(self._sent), way=AGAIN, must=Must.HAVE_A_FATE)
        # Of an earlier wave: in the same one, this may be heard before the one that it imitates.
        sent = self._sent[self._rng.randrange(long_ago)]
        other = self._good(self._values, self._rng.choice(self._documents))
        used = [pair for pair in sent.record.headers if pair[0] == "ce_id"]
        headers = tuple(pair for pair in other.record.headers if pair[0] != "ce_id")
        record = replace(other.record, headers=(*headers, *used))
        return Sent(record, other.type, REUSED, Must.HAVE_A_FATE)

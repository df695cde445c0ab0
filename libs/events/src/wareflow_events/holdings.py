"""What a member of a consumer group holds: positions, rests, and which records come next.

The bookkeeping of the Kafka adapter, kept apart from the client so that its rules can be tested
by themselves: no record before the position is handed out again, none behind it is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wareflow_events.broker import Chunk, Stored, TopicPartition


@dataclass(slots=True)
class _Held:
    position: int
    rests_until: float = 0.0
    work_ends: int | None = None
    """Where the chunk in work ends; None while there is none."""
    gap: int | None = None
    """The offset that followed the position, with nothing in between, when looked at last."""


class Holdings:
    """The partitions of one member; times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._held: dict[TopicPartition, _Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, place: object) -> bool:
        return place in self._held

    @property
    def positions(self) -> dict[TopicPartition, int]:
        """Where every held partition goes on."""
        return {place: held.position for place, held in self._held.items()}

    def hold(self, positions: Mapping[TopicPartition, int]) -> None:
        """Hold exactly these partitions from now on."""
        self._held = {place: _Held(position) for place, position in positions.items()}

    def drop(self) -> None:
        """Hold nothing any more."""
        self._held = {}

    def free(self, now: float) -> list[TopicPartition]:
        """Partitions to fetch from: held, not resting, nothing in work."""
        return [
            place
            for place, held in self._held.items()
            if held.rests_until <= now and held.work_ends is None
        ]

    def next_free(self, now: float) -> float | None:
        """Seconds until a partition has rested enough; None when none rests."""
        rests = [h.rests_until - now for h in self._held.values() if h.rests_until > now]
        return min(rests, default=None)

    def take(self, place: TopicPartition, records: Sequence[Stored]) -> Chunk | int | None:
        """The next chunk; or the offset to seek to first; or nothing, when none of it is new.

        A gap behind the position is believed only when it is seen twice, the second time right
        after a seek: it may stem from a client that lost what it had fetched.
        """
        held = self._held.get(place)
        fresh = [r for r in records if held is not None and r.offset >= held.position]
        if held is None or not fresh:
            return None
        first = fresh[0].offset
        if first != held.position and held.gap != first:
            held.gap = first
            return held.position
        return self._in_work(place, fresh[-1].offset + 1, fresh)

    def expire(self, place: TopicPartition, beginning: int) -> Chunk | None:
        """An empty chunk up to the first record that has not expired; None when nothing did."""
        held = self._held.get(place)
        if held is None or beginning <= held.position:
            return None
        return self._in_work(place, beginning, ())

    def _in_work(self, place: TopicPartition, end: int, records: Sequence[Stored]) -> Chunk:
        held = self._held[place]
        held.work_ends, held.gap = end, None
        return Chunk(place, held.position, end, records)

    def settle(
        self,
        positions: Mapping[TopicPartition, int],
        rest: Mapping[TopicPartition, float],
        *,
        now: float,
    ) -> dict[TopicPartition, int]:
        """Take over where the work ended; returns where the client must seek to.

        What was in work and is not named goes back to where it was; what is not held any more
        is somebody else's.
        """
        seek: dict[TopicPartition, int] = {}
        for place, held in self._held.items():
            position = positions.get(place, held.position)
            if position != (held.position if held.work_ends is None else held.work_ends):
                seek[place] = position
            held.position, held.work_ends = position, None
            if place in rest:
                held.rests_until = now + rest[place]
        return seek

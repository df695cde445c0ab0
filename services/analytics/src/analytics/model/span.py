"""What a figure covers: a time range in one channel, test orders apart from real ones."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from wareflow_events.event import Shape
from wareflow_kit.refusals import Invalid

_MOST_DAYS = 400
_DEFAULT_DAYS = 30


class BadRange(Invalid):
    """`since` must lie before `until`, and not more than 400 days."""


class Span(Shape):
    """What is counted: `since <= t < until`; days are those of the channel's time zone."""

    channel: str
    test: bool
    since: datetime
    until: datetime
    time_zone: str

    @classmethod
    def of(
        cls,
        *,
        channel: str,
        test: bool,
        time_zone: str,
        since: datetime | None,
        until: datetime | None,
        now: datetime,
    ) -> Self:
        """The range asked for; by default the last 30 local days, up to now."""
        end = until or now
        zone = ZoneInfo(time_zone)
        first_day = end.astimezone(zone).date() - timedelta(days=_DEFAULT_DAYS - 1)
        start = since or datetime.combine(first_day, time(), zone)
        if not start < end <= start + timedelta(days=_MOST_DAYS):
            raise BadRange(since=start.isoformat(), until=end.isoformat())
        return cls(
            channel=channel,
            test=test,
            since=start.astimezone(UTC),
            until=end.astimezone(UTC),
            time_zone=time_zone,
        )

    def arguments(self, **more: object) -> dict[str, Any]:
        """The parameters of its SQL."""
        own = {name: getattr(self, name) for name in ("channel", "test", "since", "until")}
        return own | more

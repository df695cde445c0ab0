"""The unit of work that every verb gets: a session, a time, fresh ids, and events to tell."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from wareflow_sandbox.model.event import Asked, Told, event_payload
from wareflow_sandbox.model.ids import Mint
from wareflow_sandbox.model.webhook_faults import WebhookWeather
from wareflow_sandbox.settings import Settings
from wareflow_sandbox.store.finish import Line, finish
from wareflow_sandbox.store.idempotency import Kept


class Work:
    """Verbs write through it and never commit; whoever opened it does, when they return."""

    def __init__(
        self,
        session: AsyncSession,
        *,
        now: datetime,
        mint: Mint,
        settings: Settings,
        weather: WebhookWeather,
        asked: Asked,
    ) -> None:
        self.session = session
        self.now = now
        self.settings = settings
        self._mint = mint
        self._weather = weather
        self._asked = asked
        self._told: list[Line] = []

    def new_id(self, prefix: str) -> str:
        """A fresh id such as `pi_...`."""
        return self._mint(prefix, at=self.now)

    def tell(self, told: Told) -> None:
        """Tell the world, if this commits, with the object as it is at this moment."""
        event_id = self.new_id("evt")
        payload = event_payload(told, event_id=event_id, at=self.now, asked=self._asked)
        self._told.append(Line(event_id, told.type, told.subject.id, payload))

    def undo(self) -> None:
        """Forget everything not yet written: the verb refused."""
        self.session.expunge_all()
        self._told.clear()

    async def write(self, kept: Kept | None = None) -> bool:
        """Flush state, then the events and the answer to keep, last before the commit.

        True if there is something to deliver; `KeyInUse` when a rival kept an answer first.
        """
        await self.session.flush()
        if not self._told and kept is None:
            return False
        planned = [
            (line.id, self.now + timedelta(seconds=delay))
            for line in self._told
            for delay in self._weather.delays()
        ]
        return await finish(self.session, now=self.now, told=self._told, due=planned, kept=kept)

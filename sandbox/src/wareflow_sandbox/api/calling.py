"""Runs commands: one transaction each, the idempotency key claimed first and filled last."""

from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from wareflow_events.bell import Bell
from wareflow_events.clock import Clock
from wareflow_events.transaction import closed_after
from wareflow_sandbox.api.answers import Answer, answer_of
from wareflow_sandbox.api.form import fingerprint, nested
from wareflow_sandbox.api.keys import refuse_browser
from wareflow_sandbox.api.params import Params, parsed
from wareflow_sandbox.api.routes import Arrival, Called, Command
from wareflow_sandbox.api.unforeseen import unforeseen
from wareflow_sandbox.model.errors import BadParameter, Broken, StripeError
from wareflow_sandbox.model.event import Asked
from wareflow_sandbox.model.ids import Mint
from wareflow_sandbox.model.webhook_faults import WebhookWeather
from wareflow_sandbox.settings import Settings
from wareflow_sandbox.store.idempotency import Request, claim
from wareflow_sandbox.store.work import Work
from wareflow_sandbox.views.expand import Tree, expansions

MAX_KEY = 255

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What commands run with."""

    engine: AsyncEngine
    reading: AsyncEngine
    """The same pool, each statement by itself."""
    clock: Clock
    mint: Mint
    settings: Settings
    weather: WebhookWeather
    told: Bell
    """Rung after each commit that left webhooks to deliver."""

    def work(self, session: AsyncSession, asked: Asked | None = None) -> Work:
        """A unit of work on an open session."""
        return Work(
            session,
            now=self.clock(),
            mint=self.mint,
            settings=self.settings,
            weather=self.weather,
            asked=asked or Asked(),
        )

    async def call(self, came: Arrival, command: Command[Any]) -> Answer:
        """Refuse what is wrong from the start, then execute once and for all."""
        if not command.browser:
            refuse_browser(browser=came.browser)
        params = parsed(command.params, nested(came.pairs))
        tree = expansions(command.of, params.expand, in_list=False)
        request = _identity(came)
        try:
            return await self._execute(came, command, params, tree, request)
        except Exception as error:
            refusal = unforeseen(error, came.id)
            if request is None or not isinstance(refusal, Broken):
                raise refusal from error
            log.exception("sandbox.fault", path=came.request.url.path)
            return await self._break(came, request)

    async def _execute(
        self,
        came: Arrival,
        command: Command[Any],
        params: Params,
        tree: Tree,
        request: Request | None,
    ) -> Answer:
        asked = Asked(came.id, request.key if request else None)
        session = AsyncSession(self.engine, expire_on_commit=False, autoflush=False)
        async with closed_after(session):
            if request is not None:
                kept = await claim(session, request)
                if kept is not None:
                    await session.rollback()
                    return Answer.replay(kept)
            work = self.work(session, asked)
            answer = await self._run(came, command, params, tree, work)
            if came.is_forgotten:
                await session.rollback()
                return answer
            told = await work.write(answer.kept(request, came.id))
            await session.commit()
        if told:
            self.told.ring()
        return answer

    async def _run(
        self, came: Arrival, command: Command[Any], params: Params, tree: Tree, work: Work
    ) -> Answer:
        called = Called(
            session=work.session,
            path=came.request.path_params,
            browser=came.browser,
            work=work,
            site=self._site(came),
        )
        try:
            if came.breaks == "before":
                raise Broken(came.id, kept=came.keyed)
            result = await command.run(called, params)
            if came.breaks == "after":
                return Answer.error(Broken(came.id, kept=came.keyed))
        except StripeError as error:
            # Verbs flush nothing, so what a refused verb has begun is only forgotten.
            if not error.stored:
                raise
            work.undo()
            return Answer.error(error, browser=came.browser)
        await work.session.flush()  # before `expand` reads it
        return await answer_of(result, session=work.session, tree=tree, came=came, of=command.of)

    async def _break(self, came: Arrival, request: Request) -> Answer:
        """Keep a 500 under the key, as Stripe does; nothing else is left of the request."""
        answer = Answer.error(Broken(came.id, kept=came.keyed))
        async with AsyncSession(self.engine) as session, session.begin():
            kept = await claim(session, request)
            if kept is not None:
                return Answer.replay(kept)
            _ = await self.work(session).write(answer.kept(request, came.id))
        return answer

    def _site(self, came: Arrival) -> str:
        if self.settings.public_url is not None:
            return self.settings.public_url.rstrip("/")
        return f"{str(came.request.base_url).rstrip('/')}/sandbox"


def _identity(came: Arrival) -> Request | None:
    """What makes it the same request as another; None when the client gave no key."""
    if came.request.method != "POST":
        return None
    key = came.request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY:
        raise BadParameter(f"Idempotency keys have 1 to {MAX_KEY} characters.")
    address = f"{came.request.method} {came.request.url.path}"
    return Request(key, address, fingerprint(came.pairs))

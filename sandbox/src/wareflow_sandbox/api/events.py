"""`/v1/events`: what webhooks carry, to read."""

from pydantic import Field

from wareflow_sandbox.api.params import Listed, Paging, Params
from wareflow_sandbox.api.routes import Asked, Many, Question, Result
from wareflow_sandbox.model.event import EVENT_TYPES, Event
from wareflow_sandbox.views.pending import with_pending_webhooks
from wareflow_sandbox.views.read import find, page


class Lists(Paging):
    """Of one kind or several, or of all."""

    type: str | None = None
    types: Listed[str] = Field(default_factory=list[str])


async def retrieve(asked: Asked, _params: Params) -> Result:
    """One event, with the number of webhooks that are still to be delivered."""
    event = await find(asked.session, Event, asked.path["id"])
    return (await with_pending_webhooks(asked.session, [event]))[0]


async def many(asked: Asked, params: Lists) -> Result:
    """Events, newest first."""
    names = [params.type] if params.type is not None else params.types
    where = [Event.type.in_(_meant(names))] if names else []
    rows, more = await page(asked.session, Event, params.window(), where)
    return Many(await with_pending_webhooks(asked.session, rows), more)


def _meant(names: list[str]) -> list[str]:
    """The kinds that are named; `charge.*` names all that begin so."""
    return [
        kind
        for kind in sorted(EVENT_TYPES)
        if any(kind == name or (name[-1:] == "*" and kind.startswith(name[:-1])) for name in names)
    ]


QUESTIONS = (
    Question(path="/v1/events", params=Lists, run=many, of=Event, lists=True),
    Question(path="/v1/events/{id}", params=Params, run=retrieve, of=Event),
)

"""The endpoint that every kind of object has: one, by its id."""

from wareflow_sandbox.api.params import Params
from wareflow_sandbox.api.routes import Asked, Question, Result
from wareflow_sandbox.model.base import Resource
from wareflow_sandbox.views.read import find


def one_of(kind: type[Resource], *, under: str) -> Question[Params]:
    """`GET <under>/{id}`."""

    async def retrieve(asked: Asked, _params: Params) -> Result:
        return await find(asked.session, kind, asked.path["id"])

    return Question(path=f"{under}/{{id}}", params=Params, run=retrieve, of=kind)

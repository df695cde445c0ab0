"""Parameters: what endpoints accept, and how a wrong one is refused in Stripe's words."""

from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from wareflow_sandbox.api.form import Nested, positions
from wareflow_sandbox.model.errors import BadParameter
from wareflow_sandbox.views.read import Window

T = TypeVar("T")
P = TypeVar("P", bound="Params")


def _metadata(value: object) -> object:
    if value == "":
        return {}
    if isinstance(value, dict):
        _check_metadata(cast("dict[str, object]", value))
    return cast("object", value)


def _check_metadata(entries: dict[str, object]) -> None:
    if len(entries) > 50:
        raise BadParameter("You can specify up to 50 metadata keys.", param="metadata")
    for key, value in entries.items():
        if len(key) > 40:
            message = f"Metadata keys must be at most 40 characters: {key[:50]}"
            raise BadParameter(message, param="metadata")
        if isinstance(value, str) and len(value) > 500:
            message = "Metadata values must be at most 500 characters."
            raise BadParameter(message, code="parameter_invalid_string", param=f"metadata[{key}]")


Listed = Annotated[list[T], BeforeValidator(positions)]
Metadata = Annotated[dict[str, str], BeforeValidator(_metadata)]
Amount = Annotated[int, Field(ge=1)]


class Params(BaseModel):
    """What every endpoint accepts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expand: Listed[str] = []


class Part(BaseModel):
    """A nested parameter."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(Part):
    """`created=1700000000`, or `created[gte]=..` and so on, in seconds since 1970."""

    gt: int | None = Field(default=None, ge=0, le=2**33)
    gte: int | None = Field(default=None, ge=0, le=2**33)
    lt: int | None = Field(default=None, ge=0, le=2**33)
    lte: int | None = Field(default=None, ge=0, le=2**33)


def _range(value: object) -> object:
    return {"gte": value, "lte": value} if isinstance(value, str) else value


class Paging(Params):
    """What every list accepts."""

    limit: int = Field(default=10, ge=1, le=100)
    starting_after: str | None = None
    ending_before: str | None = None
    created: Annotated[Range, BeforeValidator(_range)] = Range()

    def window(self) -> Window:
        """The part of the list that is asked for."""
        created = self.created
        since = [bound for bound in (created.gte, _after(created.gt)) if bound is not None]
        until = [bound for bound in (created.lt, _after(created.lte)) if bound is not None]
        return Window(
            limit=self.limit,
            starting_after=self.starting_after,
            ending_before=self.ending_before,
            made_from=max(since, default=None),
            made_before=min(until, default=None),
        )


def _after(second: int | None) -> int | None:
    return None if second is None else second + 1


def parsed(kind: type[P], given: Nested) -> P:
    """The parameters as the endpoint wants them; `BadParameter` names the first that is wrong."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False)[0]) from None


def _refusal(error: ErrorDetails) -> BadParameter:
    kind, given = error["type"], error["input"]
    param = _name(error["loc"])
    if kind == "missing":
        return BadParameter(
            f"Missing required param: {param}.", code="parameter_missing", param=param
        )
    if kind == "extra_forbidden":
        return BadParameter(
            f"Received unknown parameter: {param}", code="parameter_unknown", param=param
        )
    if given == "":
        return BadParameter(
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to"
            f" unset a parameter; however '{param}' cannot be unset. You should remove '{param}'"
            " from your request or supply a non-empty value.",
            code="parameter_invalid_empty",
            param=param,
        )
    return _invalid(kind, error, given, param)


def _invalid(kind: str, error: ErrorDetails, given: object, param: str) -> BadParameter:
    context: dict[str, Any] = error.get("ctx", {})
    if kind in {"int_parsing", "int_from_float", "int_type", "int_parsing_size"}:
        message, code = f"Invalid integer: {given}", "parameter_invalid_integer"
    elif kind == "greater_than_equal":
        message = f"This value must be greater than or equal to {context['ge']}."
        code = "parameter_invalid_integer"
    elif kind == "less_than_equal":
        message = f"This value must be less than or equal to {context['le']}."
        code = "parameter_invalid_integer"
    elif kind == "literal_error":
        message, code = f"Invalid {param}: must be one of {context['expected']}", None
    elif kind == "string_too_long":
        message = f"Invalid string: {str(given)[:40]}…; must be at most {context['max_length']}"
        message, code = f"{message} characters", "parameter_invalid_string"
    else:
        message, code = f"Invalid {param}: {error['msg']}", None
    return BadParameter(message, code=code, param=param)


def _name(way: tuple[int | str, ...]) -> str:
    head, *keys = [str(step) for step in way]
    return head + "".join(f"[{key}]" for key in keys)

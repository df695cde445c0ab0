"""Stripe's errors: what is refused, with which status, and whether a key remembers it."""

from typing import ClassVar, Self

from wareflow_sandbox.model.base import Rendered

_DOCS = "https://docs.stripe.com/error-codes"


class StripeError(Exception):
    """An answer that is not 2xx, in Stripe's shape.

    `more` are further members of the error object, such as `payment_intent` or `decline_code`.
    """

    status: ClassVar[int] = 400
    kind: ClassVar[str] = "invalid_request_error"
    stored: ClassVar[bool] = False
    """Whether an idempotency key keeps this answer: only once execution has begun."""
    should_retry: bool | None = None
    """What `Stripe-Should-Retry` says; None leaves it to the client."""

    def __init__(
        self, message: str, *, code: str | None = None, param: str | None = None, **more: object
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.more = more

    @property
    def error(self) -> Rendered:
        """The error object itself."""
        error: Rendered = {"message": self.message, "type": self.kind, **self.more}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"{_DOCS}#{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        return error

    def rendered(self) -> Rendered:
        """The body of the answer: `{"error": {...}}`."""
        return {"error": self.error}


class BadParameter(StripeError):
    """A parameter was refused before anything ran."""


class TooLarge(StripeError):
    """The body is larger than the sandbox reads."""

    status = 413


class NoSuchObject(StripeError):
    """The address names nothing that exists."""

    status = 404

    def __init__(self, noun: str, name: str, *, param: str = "id") -> None:
        super().__init__(f"No such {noun}: '{name}'", code="resource_missing", param=param)


class NoSuchAddress(StripeError):
    """There is no such endpoint."""

    status = 404


class NoSuchReference(StripeError):
    """A parameter names an object that does not exist."""

    def __init__(self, noun: str, name: str, *, param: str) -> None:
        super().__init__(f"No such {noun}: '{name}'", code="resource_missing", param=param)


class Unauthenticated(StripeError):
    """No key, or one that nobody issued."""

    status = 401


class NotPermitted(StripeError):
    """A good key that may not do this."""

    status = 403


class Refused(StripeError):
    """The request ran, and the state of things says no."""

    stored = True


class BadCard(StripeError):
    """The card's data cannot be right."""

    status = 402
    kind = "card_error"


class Declined(StripeError):
    """The attempt was made and failed; what it left behind is kept."""

    status = 402
    kind = "card_error"
    stored = True

    @classmethod
    def kept(cls, error: Rendered, *, payment_intent: Rendered) -> Self:
        """The answer to an attempt, from the error that the intent keeps."""
        made = cls(str(error["message"]), code=str(error["code"]))
        said = {"message", "code", "doc_url", "type"}
        made.more = {name: value for name, value in error.items() if name not in said}
        made.more["payment_intent"] = payment_intent
        return made


class KeyReused(StripeError):
    """An idempotency key came back with another request."""

    kind = "idempotency_error"


class KeyInUse(StripeError):
    """Another request with the same idempotency key is being executed."""

    status = 409
    kind = "idempotency_error"
    should_retry = True

    def __init__(self, key: str) -> None:
        super().__init__(
            "There is currently another in-progress request using this Idempotent Key (that"
            f" probably means you submitted twice, and the other request is still going): {key}",
            code="idempotency_key_in_use",
        )


class Locked(StripeError):
    """The object is being changed by somebody else right now."""

    status = 429
    should_retry = True

    def __init__(self) -> None:
        super().__init__(
            "This object cannot be accessed right now because another API request or Stripe"
            " process is currently accessing it. If you see this error intermittently, retry the"
            " request.",
            code="lock_timeout",
        )


class RateLimited(StripeError):
    """Too many requests."""

    status = 429

    def __init__(self) -> None:
        super().__init__(
            "Request rate limit exceeded. Learn more about rate limits here"
            " https://docs.stripe.com/rate-limits.",
            code="rate_limit",
        )


class Broken(StripeError):
    """Something went wrong on the gateway's end; what became of the request is not said."""

    status = 500
    kind = "api_error"
    stored = True

    def __init__(self, request_id: str, *, kept: bool) -> None:
        super().__init__(
            "An unknown error occurred with your request (please refer to the request ID"
            f" {request_id})."
        )
        # When a key keeps it, a repetition would only replay it.
        self.should_retry = False if kept else None


class Unavailable(StripeError):
    """The sandbox cannot work just now; nothing is kept, and the same request may be repeated."""

    status = 503
    kind = "api_error"
    should_retry = True

    def __init__(self) -> None:
        super().__init__("The sandbox is not available just now: its database does not answer.")


class TimedOut(StripeError):
    """The answer did not come in time; what became of the request is not said."""

    status = 504
    kind = "api_error"

    def __init__(self) -> None:
        super().__init__("The gateway did not answer in time.")

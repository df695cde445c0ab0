"""Stripe's webhooks: who signed them, and what they hint at."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError

from payments.gateways.stripe_shapes import declined_of
from payments.model.intent import Declined
from payments.model.webhook import ForgedWebhook, Notice, Subject, WrongMode

# What each type tells us to read again. Others are kept, and nothing more.
INTENT_TYPES = frozenset(
    {
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.canceled",
    }
)
REFUND_TYPES = frozenset(
    {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}
)

# All that is kept of an object: what it is and what became of it, nothing about people.
_KEPT = (
    "id", "object", "status", "amount", "amount_received", "amount_refunded", "currency",
    "created", "charge", "latest_charge", "payment_intent", "reason", "failure_reason",
    "cancellation_reason",
)  # fmt: skip
_KEPT_NOTES = ("order_id", "payment_id", "operation_id", "refund_id")
_LONGEST_NOTE = 500
_NAME = re.compile(r"[\x21-\x7e]{1,255}")
"""What an id, or a type, is made of."""
_STAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")

_Name = Annotated[str, StringConstraints(pattern=rf"^{_NAME.pattern}$")]


class _Envelope(BaseModel):
    model_config = ConfigDict(strict=True)

    id: _Name
    type: _Name
    created: Annotated[int, Field(ge=0, lt=10**11)]
    livemode: bool
    data: dict[str, Any]


class StripeWebhooks:
    """Opens webhooks signed with any of `secrets` (docs.stripe.com/webhooks#verify-manually).

    Our own few lines, and not the client library's: that one reads the clock itself, lets an
    exception out for a signature that is not ASCII, and takes half a second to import.
    """

    def __init__(self, secrets: Sequence[str], *, livemode: bool, tolerance: timedelta) -> None:
        self._secrets = [secret.encode() for secret in secrets]
        self._livemode = livemode
        self._tolerance = tolerance

    def look_at(self, signature: str | None, *, now: datetime) -> None:
        """`ForgedWebhook` when no body at all could go with this signature now."""
        stamp, _ = _parts(signature or "")
        self._refuse_untimely(stamp, now)

    def open(self, body: bytes, *, signature: str | None, now: datetime) -> Notice:
        """What it says; `ForgedWebhook` or `WrongMode` when it is not to be believed."""
        self._verify(body, signature or "", now)
        try:
            envelope = _Envelope.model_validate(orjson.loads(body))
            raw = envelope.data["object"]
        except (orjson.JSONDecodeError, ValidationError, KeyError):
            raise ForgedWebhook("signed, but not an event") from None
        if envelope.livemode is not self._livemode:
            raise WrongMode
        return _notice(envelope, cast("dict[str, Any]", raw) if isinstance(raw, dict) else {})

    def _verify(self, body: bytes, header: str, now: datetime) -> None:
        stamp, signatures = _parts(header)
        self._refuse_untimely(stamp, now)
        signed = b"%s.%s" % (stamp.encode(), body)
        expected = [hmac.new(key, signed, hashlib.sha256).hexdigest() for key in self._secrets]
        if not any(hmac.compare_digest(mine, theirs) for mine in expected for theirs in signatures):
            raise ForgedWebhook("no signature of ours")

    def _refuse_untimely(self, stamp: str, now: datetime) -> None:
        if abs(now.timestamp() - int(stamp)) > self._tolerance.total_seconds():
            raise ForgedWebhook("signed too long ago, or by a clock that is far off")


def _parts(header: str) -> tuple[str, list[str]]:
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    if len(stamps) != 1 or not _STAMP.fullmatch(stamps[0]):
        raise ForgedWebhook("no time in the signature")
    signatures = [value for name, _, value in pairs if name == "v1" and _SIGNATURE.fullmatch(value)]
    if not signatures:
        raise ForgedWebhook("no signature that could be one")
    return stamps[0], signatures


def _notice(envelope: _Envelope, raw: dict[str, Any]) -> Notice:
    subject, subject_id = _subject(envelope.type, raw)
    declined = None
    if envelope.type == "payment_intent.payment_failed" and subject_id is not None:
        declined = _declined(raw.get("last_payment_error"), subject_id)
    return Notice(
        id=envelope.id,
        type=envelope.type,
        livemode=envelope.livemode,
        created_at=datetime.fromtimestamp(envelope.created, UTC),
        subject=subject,
        subject_id=subject_id,
        declined=declined,
        summary=_summary(envelope, raw),
    )


def _declined(error: object, subject_id: str) -> Declined | None:
    found = declined_of(error, subject_id)
    if found is None:
        return None
    code = _note(found.decline_code) if found.decline_code else None
    return Declined(_note(found.id), _note(found.code), code)


def _note(text: str) -> str:
    """A text that can be kept: PostgreSQL has none with a NUL in it."""
    return text.replace("\x00", "")[:_LONGEST_NOTE]


def _subject(kind: str, raw: dict[str, Any]) -> tuple[Subject, str | None]:
    name = raw.get("id")
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        return Subject.NOTHING, None
    if kind in INTENT_TYPES:
        return Subject.INTENT, name
    if kind in REFUND_TYPES:
        return Subject.REFUND, name
    return Subject.NOTHING, None


def _summary(envelope: _Envelope, raw: dict[str, Any]) -> dict[str, JsonValue]:
    kept: dict[str, JsonValue] = {}
    for name in _KEPT:
        value = raw.get(name)
        if isinstance(value, str | int):
            kept[name] = _note(value) if isinstance(value, str) else value
    notes = raw.get("metadata")
    if isinstance(notes, dict):
        ours = {name: cast("dict[str, Any]", notes).get(name) for name in _KEPT_NOTES}
        kept["metadata"] = {name: _note(v) for name, v in ours.items() if isinstance(v, str)}
    return {
        "id": envelope.id,
        "type": envelope.type,
        "created": envelope.created,
        "livemode": envelope.livemode,
        "data": {"object": kept},
    }

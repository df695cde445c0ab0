"""A gateway in memory that keeps Stripe's rules and fails on request."""

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import count
from uuid import UUID, uuid4

from payments.gateways.gateway import (
    IntentRequest,
    NotNow,
    NotOurs,
    RefundRequest,
    Refused,
    Unanswered,
)
from payments.model.intent import (
    Charge,
    Declined,
    GatewayRefund,
    Intent,
    IntentState,
    RefundState,
)
from wareflow_events.clock import Clock


class Fault(StrEnum):
    """What goes wrong with one call."""

    TIMEOUT_BEFORE = "timeout_before"
    """Nothing is done, and no answer comes."""
    TIMEOUT_AFTER = "timeout_after"
    """It is done, and no answer comes."""
    FAULT_BEFORE = "fault_before"
    """Nothing is done; the key keeps the 500."""
    FAULT_AFTER = "fault_after"
    """It is done; the key keeps the 500."""
    BUSY = "busy"
    WRONG_KEYS = "wrong_keys"
    REFUSED = "refused"


_BEFORE: dict[Fault, tuple[Callable[..., Exception], tuple[str, ...]]] = {
    Fault.TIMEOUT_BEFORE: (Unanswered, ("timed out",)),
    Fault.BUSY: (NotNow, ("too many requests",)),
    Fault.WRONG_KEYS: (NotOurs, ("invalid API key",)),
    Fault.REFUSED: (Refused, ("refused_on_request", "the test said so")),
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a key answers for ever: an id of what was made, or a fault."""

    request: object
    made: str | None
    error: Exception | None = None


class FakeGateway:
    """In memory, by Stripe's rules: a key has one effect, keeps its first answer, 500s included,
    and is forgotten when told so. `fail` scripts what goes wrong with the next calls."""

    def __init__(self, *, clock: Clock, livemode: bool = False) -> None:
        self.intents: dict[str, Intent] = {}
        self.refunds: dict[str, GatewayRefund] = {}
        self.made_by: dict[UUID, list[str]] = defaultdict(list)
        """What each operation made; more than one would be a double effect."""
        self.calls: list[str] = []
        self.refunds_go = RefundState.SUCCEEDED
        """How the next refunds begin."""
        self.mix_up_payments = False
        """Whether new intents are answered as if they were for another payment."""
        self._clock = clock
        self._livemode = livemode
        self._created: dict[str, datetime] = {}
        self._keys: dict[UUID, _Kept] = {}
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._numbers = count(1)

    def fail(self, call: str, *faults: Fault) -> None:
        """The next calls of this name go wrong, one after the other."""
        self._faults[call].extend(faults)

    def faults_end(self) -> None:
        """Nothing goes wrong any more that did not yet."""
        self._faults.clear()

    def forget_keys(self) -> None:
        """As Stripe does after 24 hours."""
        self._keys.clear()

    async def connect(self) -> bool:
        """Nothing to connect to."""
        return False

    async def close(self) -> None:
        """Nothing to close."""

    async def create_intent(self, request: IntentRequest) -> Intent:
        """Make an intent, once per key."""

        def make() -> str:
            name = f"pi_{next(self._numbers)}"
            self.intents[name] = Intent(
                id=name,
                state=IntentState.ALIVE,
                amount=request.amount,
                livemode=self._livemode,
                order_id=request.order_id,
                payment_id=request.payment_id,
                client_secret=f"{name}_secret",
            )
            self.made_by[request.operation_id].append(name)
            return name

        made = self.intents[self._once("create_intent", request.key, request, make)]
        return replace(made, payment_id=uuid4()) if self.mix_up_payments else made

    async def find_intent(
        self, operation_id: UUID, *, since: datetime, until: datetime
    ) -> Intent | None:
        """The intent of an operation, if it was made in between."""
        _ = self._before("find_intent")
        for name in self.made_by[operation_id]:
            if since <= self._created[name] <= until:
                return self.intents[name]
        return None

    async def retrieve_intent(self, intent_id: str) -> Intent:
        """An intent as it is."""
        _ = self._before("retrieve_intent")
        return self._intent(intent_id)

    async def cancel_intent(self, intent_id: str, *, key: UUID) -> Intent:
        """Cancel, unless it was decided or money is on its way."""

        def cancel() -> str:
            if self._intent(intent_id).state is not IntentState.ALIVE:
                raise Refused("payment_intent_unexpected_state", "too late")
            _ = self._change(intent_id, state=IntentState.CANCELLED)
            return intent_id

        return self.intents[self._once("cancel_intent", key, intent_id, cancel)]

    async def create_refund(self, request: RefundRequest) -> GatewayRefund:
        """Refund what was captured, and no more."""

        def make() -> str:
            live = [
                each.amount.amount
                for each in self.refunds.values()
                if each.intent_id == request.intent_id and each.state is not RefundState.FAILED
            ]
            intent = self._intent(request.intent_id)
            taken = intent.amount.amount if intent.state is IntentState.CAPTURED else 0
            if sum(live) + request.amount.amount > taken:
                raise Refused("charge_already_refunded", "more than is left")
            name = f"re_{next(self._numbers)}"
            self.refunds[name] = GatewayRefund(
                id=name,
                state=self.refunds_go,
                amount=request.amount,
                intent_id=request.intent_id,
                order_id=request.order_id,
                refund_id=request.refund_id,
            )
            self.made_by[request.operation_id].append(name)
            return name

        return self.refunds[self._once("create_refund", request.key, request, make)]

    async def find_refund(self, operation_id: UUID, *, intent_id: str) -> GatewayRefund | None:
        """The refund of an operation, if it was made of this intent."""
        _ = self._before("find_refund")
        for name in self.made_by[operation_id]:
            if self.refunds[name].intent_id == intent_id:
                return self.refunds[name]
        return None

    async def retrieve_refund(self, gateway_id: str) -> GatewayRefund:
        """A refund as it is."""
        _ = self._before("retrieve_refund")
        return self.refunds[gateway_id]

    def pay(self, intent_id: str, *, brand: str = "visa", country: str = "DE") -> Intent:
        """The customer pays; also what was cancelled, as a gateway should not but might."""
        charge = Charge("card", brand, country, self._clock())
        return self._change(intent_id, state=IntentState.CAPTURED, charge=charge, declined=None)

    def decline(self, intent_id: str, *, decline_code: str = "insufficient_funds") -> Declined:
        """An attempt fails; the intent lives on."""
        declined = Declined(f"ch_{next(self._numbers)}", "card_declined", decline_code)
        _ = self._change(intent_id, state=IntentState.ALIVE, declined=declined)
        return declined

    def process(self, intent_id: str) -> Intent:
        """Money is on its way, and nobody can say yet."""
        return self._change(intent_id, state=IntentState.PROCESSING)

    def alter(self, intent_id: str, *, payment_id: UUID) -> None:
        """Somebody wrote another payment's id on an intent."""
        _ = self._change(intent_id, payment_id=payment_id)

    def settle_refund(self, gateway_id: str, state: RefundState) -> GatewayRefund:
        """The bank has more to say about a refund."""
        code = "expired_or_canceled_card" if state is RefundState.FAILED else None
        self.refunds[gateway_id] = replace(self.refunds[gateway_id], state=state, failure_code=code)
        return self.refunds[gateway_id]

    def _intent(self, intent_id: str) -> Intent:
        try:
            return self.intents[intent_id]
        except KeyError:
            raise Refused("resource_missing", f"No such payment_intent: {intent_id}") from None

    def _change(self, intent_id: str, **what: object) -> Intent:
        self.intents[intent_id] = replace(self.intents[intent_id], **what)  # pyright: ignore[reportArgumentType]
        return self.intents[intent_id]

    def _before(self, call: str) -> Fault | None:
        self.calls.append(call)
        fault = self._faults[call].popleft() if self._faults[call] else None
        if fault is not None and fault in _BEFORE:
            error, text = _BEFORE[fault]
            raise error(*text)
        return fault

    def _once(self, call: str, key: UUID, request: object, make: Callable[[], str]) -> str:
        fault = self._before(call)
        kept = self._keys.get(key)
        if kept is None:
            kept = self._run(request, fault, make)
            self._keys[key] = kept
            if kept.error is not None and not isinstance(kept.error, Refused):
                raise Unanswered("500")  # spent from now on, and not before it is heard again
        if kept.request != request:
            raise Unanswered("the key is of another request", spent=True)
        if kept.error is not None:
            raise kept.error
        if fault is Fault.TIMEOUT_AFTER:
            raise Unanswered("timed out")
        assert kept.made is not None
        return kept.made

    def _run(self, request: object, fault: Fault | None, make: Callable[[], str]) -> _Kept:
        replayed = Unanswered("500", spent=True)
        if fault is Fault.FAULT_BEFORE:
            return _Kept(request, None, replayed)
        try:
            made = make()
        except Refused as error:
            return _Kept(request, None, error)
        _ = self._created.setdefault(made, self._clock())
        return _Kept(request, made, replayed if fault is Fault.FAULT_AFTER else None)

"""Tokens: what is believed, and above all what is not."""

import asyncio
import json
import stat
import time
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from wareflow_kit.auth import (
    Issuer,
    TrustedIssuer,
    UnknownKey,
    Verifier,
    WrongKey,
    customer_id_of,
)
from wareflow_kit.keys import FileKeys, NoKeySet, RemoteKeys, key_set, read_jwks
from wareflow_kit.refusals import Unauthorized
from wareflow_kit.service import Service
from wareflow_kit.testing import (
    TEST_ISSUER,
    FixedClock,
    client,
    customer_token,
    order_token,
    staff_token,
)

HOUR = timedelta(hours=1)
ISSUER = Issuer(Ed25519PrivateKey.generate(), "https://id.test")
STAFF = Verifier([ISSUER.trusted("staff")])


def encoded(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def claims(**changes: Any) -> dict[str, Any]:
    standard = {"iss": ISSUER.issuer, "aud": "wareflow", "sub": "ada", "exp": time.time() + 60}
    return {k: v for k, v in {**standard, **changes}.items() if v is not None}


def test_staff_come_with_their_scopes() -> None:
    who = STAFF.verify(ISSUER.sign("ada", scopes=["orders:read", "orders:write"], ttl=HOUR))
    assert (who.kind, who.subject, who.issuer) == ("staff", "ada", "https://id.test")
    assert who.may("orders:write")
    assert not who.may("payments:refund")
    assert who.customer_id is None


def test_a_customers_id_follows_from_issuer_and_subject() -> None:
    verifier = Verifier([ISSUER.trusted("customer")])
    who = verifier.verify(ISSUER.sign("grace", ttl=HOUR, kind="customer", scopes=["orders:write"]))
    assert who.customer_id == customer_id_of("https://id.test", "grace")
    assert who.customer_id != customer_id_of("https://id.other", "grace")
    assert not who.may("orders:write"), "a customer has no scopes, whatever the token says"


def test_an_order_token_speaks_for_one_order() -> None:
    order_id = uuid4()
    verifier = Verifier([ISSUER.trusted("order", "staff")])
    token = ISSUER.sign("order", ttl=HOUR, kind="order", order_id=order_id)
    assert verifier.verify(token).order_id == order_id
    with pytest.raises(Unauthorized):
        _ = verifier.verify(ISSUER.sign("order", ttl=HOUR, kind="order", order_id="all"))
    with pytest.raises(Unauthorized):
        _ = verifier.verify(ISSUER.sign("order", ttl=HOUR, kind="order"))


def test_an_issuer_speaks_only_for_the_kinds_it_is_trusted_with() -> None:
    with pytest.raises(Unauthorized):
        _ = STAFF.verify(ISSUER.sign("grace", ttl=HOUR, kind="customer"))
    both = Verifier([ISSUER.trusted("staff", "customer")])
    with pytest.raises(Unauthorized):
        _ = both.verify(ISSUER.sign("ada", ttl=HOUR))


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "exp"])
def test_a_token_that_lacks_a_claim_is_refused(missing: str) -> None:
    token = jwt.encode(claims(**{missing: None}), ISSUER._key, "EdDSA", {"kid": ISSUER.kid})
    with pytest.raises(Unauthorized):
        _ = STAFF.verify(token)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "somebody-else"},
        {"iss": "https://evil.test"},
        {"exp": time.time() - 120},
        {"exp": "tomorrow"},
        {"exp": float("nan")},
        {"exp": None},
        {"nbf": time.time() + 86_400},
        {"iss": ["https://id.test"]},
        {"iss": {"a": 1}},
        {"kind": ["staff"]},
        {"kind": "admin"},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(wrong: dict[str, Any]) -> None:
    token = f"{encoded({'alg': 'EdDSA', 'kid': ISSUER.kid})}.{encoded(claims(**wrong))}"
    signature = ISSUER._key.sign(token.encode())
    with pytest.raises(Unauthorized):
        _ = STAFF.verify(f"{token}.{urlsafe_b64encode(signature).decode().rstrip('=')}")


def test_a_token_expires_by_the_clock_that_came_in() -> None:
    clock = FixedClock()
    issuer = Issuer(ISSUER._key, ISSUER.issuer, clock=clock)
    verifier = Verifier([issuer.trusted("staff")], clock=clock)
    token = issuer.sign("ada", ttl=timedelta(seconds=60))
    _ = clock.advance(seconds=80)
    assert verifier.verify(token).subject == "ada", "clocks may differ by half a minute"
    _ = clock.advance(seconds=20)
    with pytest.raises(Unauthorized, match="expired"):
        _ = verifier.verify(token)


def test_a_token_that_was_believed_is_checked_anew_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    verifier, token = Verifier([ISSUER.trusted("staff")]), ISSUER.sign("ada", ttl=HOUR)
    assert verifier.verify(token) is verifier.verify(token)
    trusted, _ = verifier._trusted[ISSUER.issuer]
    verifier._trusted[ISSUER.issuer] = (trusted, key_set({"keys": []}))
    moment = 129.0
    assert verifier.verify(token).subject == "ada"
    moment = 131.0
    with pytest.raises(UnknownKey):
        _ = verifier.verify(token)


def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wareflow_kit.auth._MOST_KNOWN", 3)
    verifier = Verifier([ISSUER.trusted("staff")])
    for n in range(10):
        assert verifier.verify(ISSUER.sign(str(n), ttl=HOUR)).subject == str(n)
        assert len(verifier._known) <= 3


def test_no_algorithm_is_no_signature() -> None:
    for alg in ("none", "None", "nOnE"):
        token = f"{encoded({'alg': alg, 'kid': ISSUER.kid})}.{encoded(claims())}."
        with pytest.raises(Unauthorized):
            _ = STAFF.verify(token)


def test_the_public_key_is_no_shared_secret() -> None:
    public = ISSUER.jwks()["keys"][0]["x"]
    token = jwt.encode(claims(), public.ljust(64, "="), "HS256", {"kid": ISSUER.kid})
    with pytest.raises(Unauthorized):
        _ = STAFF.verify(token)


def test_a_shared_secret_in_a_key_set_is_passed_over() -> None:
    secret = {"kty": "oct", "k": encoded({"a": "b" * 40}), "kid": "s", "alg": "HS256"}
    trusted = TrustedIssuer(issuer=ISSUER.issuer, keys={"keys": [secret]}, kinds=("staff",))
    with pytest.raises(Unauthorized):
        _ = Verifier([trusted]).verify(jwt.encode(claims(), "b" * 40, "HS256", {"kid": "s"}))


def test_another_key_of_the_same_id_is_refused() -> None:
    forged = jwt.encode(claims(), Ed25519PrivateKey.generate(), "EdDSA", {"kid": ISSUER.kid})
    with pytest.raises(Unauthorized):
        _ = STAFF.verify(forged)


def test_a_key_of_another_issuer_is_refused() -> None:
    other = Issuer(Ed25519PrivateKey.generate(), "https://other.test")
    verifier = Verifier([ISSUER.trusted("staff"), other.trusted("customer")])
    token = jwt.encode(claims(), other._key, "EdDSA", {"kid": other.kid})
    with pytest.raises(UnknownKey):
        _ = verifier.verify(token)


def test_a_changed_token_is_refused() -> None:
    header, _, signature = ISSUER.sign("ada", ttl=HOUR).split(".")
    with pytest.raises(Unauthorized):
        _ = STAFF.verify(f"{header}.{encoded(claims(sub='root'))}.{signature}")


@given(st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")))
def test_garbage_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        _ = STAFF.verify(token)


RSA = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("alg", "private", "public"),
    [
        ("RS256", RSA, RSAAlgorithm.to_jwk(RSA.public_key())),
        ("ES256", CURVE, ECAlgorithm.to_jwk(CURVE.public_key())),
    ],
)
def test_keys_of_rsa_and_elliptic_curves_are_taken(alg: str, private: Any, public: str) -> None:
    jwks = {"keys": [{**json.loads(public), "kid": alg}]}
    trusted = TrustedIssuer(issuer=ISSUER.issuer, keys=jwks, kinds=("staff",))
    token = jwt.encode(claims(scope=["a", "b"]), private, alg, {"kid": alg})
    assert Verifier([trusted]).verify(token).scopes == {"a", "b"}


def test_a_token_without_a_key_id_is_taken_where_there_is_one_key() -> None:
    token = jwt.encode(claims(), ISSUER._key, "EdDSA")
    assert STAFF.verify(token).subject == "ada"


def test_an_issuers_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    first = Issuer.from_file(path, "https://id.test")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = Issuer.from_file(path, "https://id.test")
    assert first.jwks() == second.jwks()
    assert "d" not in second.jwks()["keys"][0]
    assert Verifier([second.trusted("staff")]).verify(first.sign("ada", ttl=HOUR))


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key.pem"
    with ThreadPoolExecutor(8) as pool:
        starting = [pool.submit(Issuer.from_file, path, "https://id.test") for _ in range(8)]
    assert len({issuer.result().kid for issuer in starting}) == 1
    assert [entry.name for entry in path.parent.iterdir()] == ["key.pem"]


def test_a_key_of_another_kind_is_refused_as_an_issuers(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form

    path = tmp_path / "key.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    _ = path.write_bytes(
        key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    )
    with pytest.raises(WrongKey):
        _ = Issuer.from_file(path, "https://id.test")
    _ = path.write_text("no key at all")
    with pytest.raises(WrongKey):
        _ = Issuer.from_file(path, "https://id.test")


def test_a_changed_file_of_keys_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    path = tmp_path / "jwks.json"
    keys = FileKeys(path)
    assert keys.find(ISSUER.kid) is None
    _ = path.write_text(json.dumps(ISSUER.jwks()))
    assert keys.find(ISSUER.kid) is None, "looked at once a second at most"
    moment = 102.0
    assert keys.find(ISSUER.kid) is not None
    _ = path.write_text("{broken")
    moment = 104.0
    assert keys.find(ISSUER.kid) is not None, "a broken file keeps the old keys"


class JwksServer:
    """Answers with a key set that changes."""

    def __init__(self) -> None:
        self.document: dict[str, Any] | None = ISSUER.jwks()
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(200, json=self.document) if self.document else httpx.Response(500)


async def test_remote_keys_are_fetched_when_first_needed() -> None:
    server = JwksServer()
    keys = RemoteKeys("https://id.test/jwks", transport=httpx.MockTransport(server))
    assert keys.find(ISSUER.kid) is None
    assert keys.stale
    await keys.refresh()
    assert keys.find(ISSUER.kid) is not None
    assert not keys.stale


async def test_remote_keys_are_not_asked_for_more_often_than_the_interval() -> None:
    server = JwksServer()
    keys = RemoteKeys("https://id.test/jwks", transport=httpx.MockTransport(server))
    for _ in range(5):
        await keys.refresh()
    assert server.asked == 1


async def test_remote_keys_outlive_a_fault_of_their_server() -> None:
    server = JwksServer()
    keys = RemoteKeys("https://id.test/jwks", transport=httpx.MockTransport(server), min_interval=0)
    await keys.refresh()
    server.document = None
    await keys.refresh()
    assert keys.find(ISSUER.kid) is not None


async def test_a_token_of_a_new_key_is_believed_after_a_refresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fetch(_keys: RemoteKeys) -> dict[str, Any]:
        return ISSUER.jwks()

    monkeypatch.setattr(RemoteKeys, "_fetch", fetch)
    trusted = TrustedIssuer(issuer=ISSUER.issuer, keys="https://id.test/jwks", kinds=("staff",))
    verifier = Verifier([trusted])
    token = ISSUER.sign("ada", ttl=HOUR)
    with pytest.raises(UnknownKey):
        _ = verifier.verify(token)
    assert (await verifier.authenticate(token)).subject == "ada"


async def test_keys_that_are_old_are_fetched_in_the_background(
    shop: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def fetch(_keys: RemoteKeys) -> dict[str, Any]:
        asked.set()
        return ISSUER.jwks()

    monkeypatch.setattr(RemoteKeys, "_fetch", fetch)
    trusted = TrustedIssuer(issuer=ISSUER.issuer, keys="https://id.test/jwks", kinds=("staff",))
    verifier = Verifier([trusted])
    await verifier.refresh()
    asked.clear()
    keys = verifier._trusted[ISSUER.issuer][1]
    assert isinstance(keys, RemoteKeys)
    monkeypatch.setattr(keys, "_max_age", -1.0)
    monkeypatch.setattr(keys, "_min_interval", 0.0)
    shop.app.state.verifier = verifier
    async with client(shop, token=ISSUER.sign("ada", ttl=HOUR)) as http:
        assert (await http.get("/shop/v1/whoami")).json()["subject"] == "ada"
        _ = await asyncio.wait_for(asked.wait(), timeout=5)


def test_keys_that_are_not_for_signatures_or_not_keys_are_passed_over() -> None:
    public = ISSUER.jwks()["keys"][0]
    for_encryption, broken = {**public, "use": "enc"}, {"kty": "OKP", "kid": "b"}
    assert set(read_jwks({"keys": [for_encryption, broken]})) == set()
    assert set(read_jwks({"keys": [broken, public]})) == {ISSUER.kid}
    assert set(read_jwks({"keys": [None, "key", 1, public]})) == {ISSUER.kid}
    text = json.dumps({"keys": [public]})
    assert key_set(text).find(ISSUER.kid) is not None


@pytest.mark.parametrize("wrong", [[], {}, {"keys": {}}, None, "keys"])
def test_a_document_that_is_no_key_set_is_refused(wrong: object) -> None:
    with pytest.raises(NoKeySet):
        _ = read_jwks(wrong)


def test_keys_over_plain_http_are_refused() -> None:
    with pytest.raises(ValueError, match="https"):
        _ = key_set("http://id.test/jwks")
    assert key_set("http://127.0.0.1:8080/jwks")


def test_customer_ids_never_change() -> None:
    assert customer_id_of("https://id.example", "42") == UUID(
        "d436c933-7edc-5dbc-9691-9a5a7184c4e3"
    )


@pytest.mark.parametrize(
    ("token", "path", "status"),
    [
        (None, "/shop/v1/whoami", 200),
        ("garbage", "/shop/v1/whoami", 401),
        (None, "/shop/v1/mine", 401),
        (staff_token("shop:read"), "/shop/v1/mine", 200),
        (staff_token("shop:write"), "/shop/v1/mine", 403),
        (customer_token(), "/shop/v1/mine", 200),
        (order_token(uuid4()), "/shop/v1/mine", 403),
    ],
)
async def test_doors_open_for_the_right_tokens(
    http: httpx.AsyncClient, token: str | None, path: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await http.get(path, headers=headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    if status == 403:
        assert answer.json()["scope"] == "shop:read"


async def test_other_ways_to_authenticate_are_refused(http: httpx.AsyncClient) -> None:
    answer = await http.get("/shop/v1/whoami", headers={"Authorization": "Basic YTpi"})
    assert answer.status_code == 401


async def test_a_customer_sees_their_own_id(http: httpx.AsyncClient) -> None:
    answer = await http.get(
        "/shop/v1/mine", headers={"Authorization": f"Bearer {customer_token('grace')}"}
    )
    assert answer.json() == {"customer_id": str(customer_id_of(TEST_ISSUER.issuer, "grace"))}

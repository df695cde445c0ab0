"""What the product is made of is known, and none of its secrets is in the repository."""

import json
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest
from tools.checks import audit, sbom, secrets
from tools.checks.licences import installed, is_ours, needed, objection
from tools.checks.lock import LOCK, Locked, locked

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HASH = "a" * 64
TEXT = f"""\
alpha==1.0 \\
    --hash=sha256:{HASH}
Beta_Two==2.0 ; python_full_version < '3.12' \\
    --hash=sha256:{HASH} \\
    --hash=sha256:{"b" * 64}
"""


def test_a_lock_is_read_with_its_markers_and_hashes() -> None:
    assert locked(TEXT) == [
        Locked("alpha", "1.0", "", (HASH,)),
        Locked("beta-two", "2.0", "python_full_version < '3.12'", (HASH, "b" * 64)),
    ]


@pytest.mark.parametrize("line", ["alpha", "alpha>=1", "alpha @ file:///a.whl", "--index-url x"])
def test_what_is_no_locked_package_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        _ = locked(line)


def test_every_package_of_the_lock_has_hashes_and_is_there_once() -> None:
    packages = locked(LOCK.read_text())
    assert len(packages) > 50
    assert list(audit.faults_of_lock(packages)) == []
    assert list(audit.faults_of_lock([Locked("alpha", "1", "", ())])) == ["alpha 1 has no hashes"]


def test_everything_that_is_shipped_may_be_shipped() -> None:
    found = installed()
    assert {"fastapi", "asyncpg"} <= needed(found, [name for name in found if is_ours(name)])
    assert "pytest" not in needed(found, ["wareflow-orders"])
    assert list(audit.faults_of_licences(found)) == []


@pytest.mark.parametrize("licence", ["", "AGPL-3.0-only", "GPL-2.0", "Secret Sauce"])
def test_a_licence_that_binds_or_that_nobody_knows_is_an_objection(licence: str) -> None:
    assert objection(licence)


def test_the_environment_is_compared_with_the_lock() -> None:
    found = {"pytest": next(one for one in distributions() if one.metadata["Name"] == "pytest")}
    assert list(audit.faults_of_environment([], found)) == ["pytest is installed and not locked"]
    other = [Locked("pytest", "0.1", "", ())]
    (fault,) = audit.faults_of_environment(other, found)
    assert fault.endswith("is installed, another version is locked")


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    made = sbom.bill(LOCK.read_text(), installed(), at=NOON)
    return json.loads(sbom.as_json(made))


def test_the_bill_lists_every_package_with_its_hashes(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    listed = {one["name"]: one for one in bill["components"]}
    assert {one.name for one in locked(LOCK.read_text())} <= listed.keys()
    fastapi = listed["fastapi"]
    assert fastapi["scope"] == "required"
    assert fastapi["purl"] == f"pkg:pypi/fastapi@{fastapi['version']}"
    assert len(fastapi["externalReferences"][0]["hashes"]) >= 2
    assert fastapi["licenses"]
    assert listed["pytest"]["scope"] == "excluded"


def test_the_bill_says_what_needs_what(bill: dict[str, Any]) -> None:
    needs = {one["ref"].partition("@")[0]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert any(ref.startswith("pkg:pypi/fastapi@") for ref in needs["wareflow-kit"])
    assert "wareflow-orders@0.1.0" in needs["wareflow"]


def test_the_same_lock_makes_the_same_bill(bill: dict[str, Any]) -> None:
    again = sbom.bill(LOCK.read_text(), installed(), at=NOON)
    assert json.loads(sbom.as_json(again)) == bill


SECRETS = [
    ("-----BEGIN EC PRIVATE" + " KEY-----", "a private key"),
    ("key = sk_" + "live_51AbCdEfGhIjKl", "a live key of Stripe"),
    ("whsec_" + "0123456789abcdef01234567", "a secret of webhooks"),
    ("AKIA" + "ABCDEFGHIJKLMNOP", "a key of AWS"),
    ("ghp_" + "a" * 36, "a token of a code host"),
    ("xoxb-" + "1234567890-abc", "a token of a chat"),
    ("eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + "." + "c" * 43, "a signed token"),
    ("PASSWORD = " + '"hunter2hunter2"', "a password"),
    ("postgresql://shop:" + "hunter2@db/shop", "an address with a password"),
]


@pytest.mark.parametrize(("line", "kind"), SECRETS)
def test_a_secret_is_found(line: str, kind: str) -> None:
    assert list(secrets.findings("src/a.py", f"x\n{line}\n")) == [f"src/a.py:2: {kind}"]
    assert list(secrets.findings("src/a.py", f"{line}  # not a secret: an example")) == []


@pytest.mark.parametrize(
    "line",
    [
        'password = os.environ["SHOP_PASSWORD"]',
        "postgresql://user:password@127.0.0.1/shop",
        'startswith(("sk_' + 'live_", "rk_' + 'live_"))',
        "password: Annotated[str, Field(max_length=200)]",
    ],
)
def test_what_only_names_one_is_none(line: str) -> None:
    assert list(secrets.findings("src/a.py", line)) == []


def test_no_secret_is_committed() -> None:
    found = [line for name, text in secrets.tracked() for line in secrets.findings(name, text)]
    assert found == []

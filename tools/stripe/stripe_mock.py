"""stripe-mock for tests: Stripe's own stand-in, made from its OpenAPI document.

`STRIPE_MOCK` may name the program; else Go builds it once, into the workspace's cache. Without Go,
or without a way to Go's module proxy, its tests are skipped; under CI that is a failure, unless
GOPROXY=off or GOFLAGS=-mod=vendor say that nothing may be downloaded.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

VERSION = "v0.203.0"
_MODULE = f"github.com/stripe/stripe-mock@{VERSION}"
_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "stripe-mock" / VERSION
_BUILD_TIME = 300
_START_TIME = 30


class StripeMockUnavailable(RuntimeError):
    """There is none, and none can be built; says why."""


@contextmanager
def stripe_mock() -> Generator[str]:
    """The address (`http://...`) of one that answers, for as long as the block lasts.

    Raises `StripeMockUnavailable`.
    """
    port = _free_port()
    arguments = [str(_program()), "-http-addr", f"127.0.0.1:{port}"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(arguments, stdout=quiet, stderr=quiet) as process:
        try:
            _await_answer(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextmanager
def for_tests() -> Generator[str]:
    """`stripe_mock` for a fixture: where it cannot be had, its tests are skipped, or fail in CI."""
    try:
        _ = _program()
    except StripeMockUnavailable as why:
        if _must_be_there():
            raise
        pytest.skip(f"no stripe-mock {VERSION}: {why}")
    with stripe_mock() as address:
        yield address


def _must_be_there() -> bool:
    may_not = os.environ.get("GOPROXY") == "off" or "-mod=vendor" in os.environ.get("GOFLAGS", "")
    return os.environ.get("CI") == "true" and not may_not


def _program() -> Path:
    if given := os.environ.get("STRIPE_MOCK"):
        return Path(given)
    program = _CACHE / "stripe-mock"
    if not program.exists():
        _build()
    return program


def _build() -> None:
    go = shutil.which("go")
    if go is None:
        raise StripeMockUnavailable("there is no Go to build it with, and STRIPE_MOCK names none")
    built = subprocess.run(
        [go, "install", _MODULE],
        env={**os.environ, "GOBIN": str(_CACHE)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_BUILD_TIME,
    )
    if built.returncode != 0:
        raise StripeMockUnavailable(built.stderr.strip().splitlines()[-1])


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _await_answer(port: int) -> None:
    deadline = time.monotonic() + _START_TIME
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise StripeMockUnavailable(f"it does not answer: {error}") from error
            time.sleep(0.05)

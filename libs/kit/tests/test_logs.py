"""Logs are lines of JSON, and hold nothing that must not be there."""

import json
import subprocess
import sys

SCRIPT = """
import logging, structlog
from wareflow_kit.logs import configure_logs
configure_logs(form="{form}", level="{level}")
def fail(password):
    raise ValueError("broken")
log = structlog.get_logger("x")
log.debug("quiet")
with structlog.contextvars.bound_contextvars(request_id="r1"):
    log.info("hello", authorization="Bearer abc", n=1, at={{1: "x"}})
    try:
        fail("hush")
    except ValueError:
        log.exception("oops")
    logging.getLogger("uvicorn.error").info("started %s", "up")
    logging.getLogger("uvicorn.access").info("GET /secret")
    logging.getLogger("httpx").info("GET https://secret")
"""


def lines(form: str, level: str = "info") -> list[str]:
    script = SCRIPT.format(form=form, level=level)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_every_line_is_json_with_its_context() -> None:
    hello, oops, started = (json.loads(line) for line in lines("auto"))
    assert hello["event"] == "hello"
    assert hello["request_id"] == "r1"
    assert hello["authorization"] == "[hidden]"
    assert hello["timestamp"].endswith("Z")
    assert oops["exception"][0]["exc_type"] == "ValueError"
    assert "hush" not in json.dumps(oops), "no local variables in a traceback"
    assert started["event"] == "started up"
    assert started["logger"] == "uvicorn.error"
    assert started["request_id"] == "r1"


def test_a_person_reads_plain_lines() -> None:
    text = "\n".join(lines("pretty"))
    assert "hello" in text
    assert "Traceback" in text
    assert "hush" not in text


def test_the_level_is_where_it_begins() -> None:
    assert len(lines("json", "debug")) == 4
    assert len(lines("json", "error")) == 1


def test_configuring_is_for_whoever_runs_and_importing_changes_nothing() -> None:
    program = "import logging, wareflow_kit.service; print(logging.getLogger().handlers)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (told.stdout, told.stderr) == ("[]\n", "")

"""Structured logs: a JSON object a line, or pretty on a terminal; libraries write alike."""

import logging
import sys
from collections.abc import Sequence
from io import StringIO
from typing import Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from wareflow_events.saying import without_values

Form = Literal["auto", "json", "pretty"]

_SECRET = frozenset({"authorization", "password", "secret", "token", "cookie", "body"})


def configure_logs(*, level: str = "info", form: Form = "auto") -> None:
    """Send everything to standard error, from `level` upwards; `auto` is pretty on a terminal."""
    number = logging.getLevelNamesMapping()[level.upper()]
    last = _renderers(form)
    configure_structlog(number, last, cache=True)
    _configure_stdlib(number, last)


def configure_structlog(
    level: int, renderers: Sequence[Processor] = (), *, cache: bool = False
) -> None:
    """Only our own loggers. Without `cache` a test captures what they say."""
    structlog.configure(
        processors=[*_SHARED, hide_secrets, *(renderers or _PRETTY)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=cache,
    )


def _configure_stdlib(level: int, renderers: Sequence[Processor]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_SHARED, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                hide_secrets,
                *renderers,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO), force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    # Our own line for a request names its route; clients would log whole addresses.
    for name in ("uvicorn.access", "httpx", "httpcore", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def hide_secrets(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """What must never stand in a log is not written, whoever asks."""
    for name in entry.keys() & _SECRET:
        entry[name] = "[hidden]"
    for name, value in entry.items():
        if isinstance(value, str):
            entry[name] = without_values(value)
    return entry


def hide_values(_logger: WrappedLogger, _method: str, entry: EventDict) -> EventDict:
    """What an exception quotes may be somebody's, and is not written either."""
    for raised in entry.get("exception") or ():
        raised["exc_value"] = without_values(raised["exc_value"])
    return entry


def plain_traceback(out: TextIO, info: ExcInfo) -> None:
    """A traceback for people, without values."""
    text = StringIO()
    structlog.dev.plain_traceback(text, info)
    _ = out.write(without_values(text.getvalue()))


def _renderers(form: Form) -> tuple[Processor, ...]:
    pretty = form == "pretty" or (form == "auto" and sys.stderr.isatty())
    return _PRETTY if pretty else _JSON


def _dumps(entry: object, **_: object) -> str:
    return orjson.dumps(entry, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
)
# Tracebacks carry no local variables: those hold what must not be logged, and are slow to print.
_PRETTY: tuple[Processor, ...] = (
    structlog.dev.ConsoleRenderer(exception_formatter=plain_traceback),
)
_JSON: tuple[Processor, ...] = (
    structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=30)
    ),
    hide_values,
    structlog.processors.JSONRenderer(_dumps),
)

"""Logs: one line per event on standard error; JSON for machines, colours for a terminal.

Values logged are names, counts and states, never the content of an event: content is personal.
"""

import logging
import sys
import time
from typing import Literal

import structlog

from infra.settings import Settings

_SERVERS = ("aiokafka", "faststream", "pymongo", "motor")
"""Libraries that log what we are told by an exception as well, and tell ourselves."""
_NOISY = (*_SERVERS, "uvicorn.access", "asyncio")
REPEAT_SECONDS = 10.0


class OncePerWhile(logging.Filter):
    """Lets the same message of a library through once in ten seconds.

    aiokafka writes hundreds of lines a second while a broker is away.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, object], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one is the first of its kind for a while."""
        kind = (record.name, record.msg)
        now = time.monotonic()
        if now - self._last.get(kind, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        self._last[kind] = now
        return True


def for_terminal(settings: Settings, level: Literal["warning", "error"]) -> None:
    """Logs beside what a person is told in words: our own from `level` on, or as the settings say."""
    if "log_level" in settings.model_fields_set:
        configure(settings)
        return
    configure(settings.model_copy(update={"log_level": level}))
    for name in _SERVERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").addFilter(_is_ours)


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether an error that asyncio tells of passed through none of these libraries: they tell us."""
    kind, _, trace = record.exc_info or (None, None, None)
    if kind is not None and kind.__module__.partition(".")[0] in _SERVERS:
        return False
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] in _SERVERS:
            return False
        trace = trace.tb_next
    return True


def configure(settings: Settings) -> None:
    """Set logging up for this process."""
    level = getattr(logging, settings.log_level.upper())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if (settings.log_format or ("console" if sys.stderr.isatty() else "json")) == "console"
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    _configure_libraries(shared, renderer)


def _configure_libraries(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> None:
    """What libraries log looks like what we log, and they cannot flood it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(OncePerWhile())
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
    named: list[structlog.typing.Processor] = [*shared, structlog.stdlib.add_logger_name]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=named, processors=last))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    # aiokafka calls it an error that a new cluster's first group has to wait for its coordinator.
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.CRITICAL)

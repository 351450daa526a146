"""The end of a process that has met a bug of ours: going on would skip what it was doing."""

import os

from structlog import get_logger

FAILED_EXIT_CODE = 70
_log = get_logger(__name__)


def end_process(error: BaseException) -> None:
    """Say why, and end at once with code 70: what was under way is as after a crash, and begins again."""
    _log.critical("projector_failed", exc_info=error)
    os._exit(FAILED_EXIT_CODE)

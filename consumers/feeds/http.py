"""`GET /v1/feeds/{topic}`: the events of a key's city on one topic, page by page, waiting or as a stream.

A reader that follows cursors sees every event of its city once for each time that it stands on the log,
in the order of the log for each key, whoever crashes. It stores the cursor together with what it made of
the events; what it had not stored comes again.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from structlog import get_logger

from consumers.engine.model import Unavailable, Unreadable
from consumers.feeds import following
from consumers.feeds.cursor import MAX_TEXT, BadCursor, Cursor, feed_of, from_text, to_text
from consumers.feeds.feeds import Feeds, told
from consumers.feeds.page import Page
from consumers.feeds.readers import Reader, Readers
from events.topics import TOPICS, Topic
from infra.callers import caller
from infra.kafka import browser
from infra.keys import Keys
from infra.mongo import Database
from infra.problems import ProblemError, documented
from infra.settings import Settings
from projections.api.state import on_stop

"""A process that spreads announcements until none is left, and says how long each page took."""

import asyncio
import json
import os
import sys
import time

from consumers.spreader import spread
from infra import failpoints
from infra.mongo import connect
from infra.settings import load


async def run() -> None:
    """Until nothing is to be announced."""
    async with connect(load()) as db:
        begun = time.monotonic()
        while await spread(db):
            now = time.monotonic()
            sys.stdout.write(json.dumps({"event": "page", "seconds": now - begun}) + "\n")
            sys.stdout.flush()
            begun = now


def main() -> None:
    failpoints.arm(os.environ.get(failpoints.VARIABLE, ""))
    asyncio.run(run())

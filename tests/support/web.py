"""An application on a real port."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from infra.embedded import ports
from projections.api.server import Server

SECONDS_TO_START = 20


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """The address of `app`, served from a thread until the context ends."""
    port = ports.choose(("web",), {})["web"]
    config = uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=5)
    server = Server(config, app)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + SECONDS_TO_START
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise TimeoutError("the application did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server did not stop"

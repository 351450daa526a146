"""A uvicorn server that stops promptly although event streams are open."""

import socket

import uvicorn
from fastapi import FastAPI

from projections.api.state import close_streams


class Server(uvicorn.Server):
    """Ends the event streams of `app` before uvicorn waits for connections: no stream ends by itself."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        close_streams(self._app)
        await super().shutdown(sockets)

"""What every read shares: waiting for a position, conditional answers, headers."""

from hashlib import blake2b
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BaseModel

from events.positions import MAX_TOKEN, BadToken, from_token
from infra.mongo import Database
from infra.problems import ProblemError
from projections import read
from projections.core import Projection

WAIT_SECONDS = 10.0
JSON = "application/json"

After = Annotated[
    str | None,
    Query(
        max_length=MAX_TOKEN, description="position token that publishing returned: read only once it counts"
    ),
]
Cursor = Annotated[str | None, Query(max_length=1000, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=read.MAX_PAGE)]


async def wait(db: Database, token: str | None, *projections: Projection) -> None:
    """Return once the projections have passed the token; a problem, 400 or 504, otherwise."""
    if token is None:
        return
    try:
        positions = from_token(token)
        for projection in projections:
            await read.wait_for(db, projection, positions, WAIT_SECONDS)
    except BadToken as error:
        raise ProblemError(400, "bad_token", f"`after`: {error}.") from None
    except read.NotYet as error:
        detail = (
            f"The events are stored and will count, but {error}. Ask again with the same token; "
            "if it stays so, the projector does not run or is far behind."
        )
        raise ProblemError(504, "not_yet_visible", detail, headers={"Retry-After": "2"}) from None


def conditional(request: Request, body: bytes, *, media_type: str) -> Response:
    """The answer with a weak ETag, or 304 when the client has it already."""
    tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    known = {one.strip() for one in request.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def answer(request: Request, model: BaseModel, *, media_type: str = JSON) -> Response:
    """A model as JSON."""
    return conditional(request, model.model_dump_json().encode(), media_type=media_type)

"""RFC 9457 problems, the one form in which every API of ours refuses.

A problem says what happened, what was kept and what to do next; it never repeats what a client sent as data.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from events.codec import FieldError

MEDIA_TYPE: Final = "application/problem+json"
PREFIX: Final = "urn:townhall:problem:"


class FieldProblem(BaseModel):
    """One thing that is wrong."""

    pointer: str = Field(description="JSON Pointer into what was sent")
    detail: str


class Problem(BaseModel):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description=f"permanent name of the kind of problem, `{PREFIX}...`")
    title: str
    status: int
    detail: str = Field(description="what happened, what was kept, what to do next")
    errors: list[FieldProblem] = []


class ProblemError(Exception):
    """Raised anywhere in a request; answered as a problem. `members` are its extension members."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(f"{status} {name}")
        self.status = status
        self.name = name
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers
        self.members = members

    def as_dict(self) -> dict[str, Any]:
        """The problem as a JSON object."""
        title = self.name.replace("_", " ").capitalize()
        body = {"type": PREFIX + self.name, "title": title, "status": self.status, "detail": self.detail}
        errors = [error._asdict() for error in self.errors]
        return {**body, **({"errors": errors} if errors else {}), **self.members}

    def response(self) -> Response:
        """The problem as an HTTP response."""
        content = orjson.dumps(self.as_dict())
        return Response(content, self.status, dict(self.headers or {}), media_type=MEDIA_TYPE)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route that answers these statuses with problems."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem, and describe problems in its OpenAPI document."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _unexpected)
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        for name, definition in {**schema.pop("$defs"), "Problem": schema}.items():
            schemas.setdefault(name, definition)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def show_pages(app: FastAPI, page: Callable[[ProblemError], Response]) -> None:
    """Answer problems outside `/v1` with `page` where a browser asks. The order with `install` is free."""
    app.state.problem_page = page


def _answer(request: Request, problem: ProblemError) -> Response:
    page: Callable[[ProblemError], Response] | None = getattr(request.app.state, "problem_page", None)
    of_the_api = f"{request.url.path}/".startswith("/v1/")
    if page is None or of_the_api or "text/html" not in request.headers.get("accept", ""):
        return problem.response()
    return page(problem)


def _kept(request: Request) -> str:
    """What was kept; whoever only read has nothing to fear for."""
    return "" if request.method in {"GET", "HEAD"} else " Nothing was changed."


async def _problem(request: Request, error: Exception) -> Response:
    return error.response() if isinstance(error, ProblemError) else await _unexpected(request, error)


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    phrase = HTTPStatus(status).phrase
    detail = f"{phrase}.{_kept(request)} See /openapi.json for what this service offers."
    name = phrase.lower().replace(" ", "_").replace("-", "_")
    return _answer(request, ProblemError(status, name, detail, headers=headers))


async def _validation(request: Request, error: Exception) -> Response:
    """The rejected values stay out of the answer: they may be personal."""
    found = error.errors()[:20] if isinstance(error, RequestValidationError) else []
    errors = [FieldError("".join(f"/{step}" for step in item["loc"]), item["msg"]) for item in found]
    detail = f"The request does not fit its description.{_kept(request)} Mend it and send it again."
    return _answer(request, ProblemError(422, "bad_request", detail, errors=errors))


async def _unexpected(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the server logs it
    detail = "Something failed on our side and was logged. It is safe to send the same again."
    return _answer(request, ProblemError(500, "internal_error", detail))

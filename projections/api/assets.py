"""Static files and the templates that name them."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from projections.api import present
from projections.outcome import RULES, UNNAMED, places

HERE = Path(__file__).parent
STATIC = HERE / "static"


class Static(StaticFiles):
    """Files whose address carries their content's hash, so that a browser may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["X-Content-Type-Options"] = "nosniff"
        versioned = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response


@cache
def address(name: str) -> str:
    """The path of a static file with the hash of its content."""
    digest = blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()
    return f"/static/{name}?v={digest}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        name: getattr(present, name)
        for name in (
            "number",
            "decimal",
            "money",
            "units",
            "words",
            "sentence",
            "day",
            "time_tag",
            "coded",
            "paragraphs",
            "month",
        )
    }
    environment.globals |= {
        "can_report": False,  # whoever composes the application sets it, where there is a page for it
        "static": address,
        "plural": present.plural,
        "measured": present.measured,
        "scored": present.scored,
        "same": present.same,
        "ballots_give": present.ballots_give,
        "rules": RULES,
        "unnamed": UNNAMED,
        "places": places,
        "bars": present.bars,
        "share": present.share,
    }
    return environment


TEMPLATES = _environment()

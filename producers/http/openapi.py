"""What OpenAPI says of `POST /v1/events`, whose body the route reads itself."""

from typing import Any, Final

from events.registry import EVENT_TYPES
from infra.problems import documented
from producers.http.bodies import BATCH, STRUCTURED
from producers.http.limits import MAX_BATCH_EVENTS

_TEXT: Final = {"type": "string"}
_TYPE: Final = {"type": "string", "enum": [entry.type for entry in EVENT_TYPES]}
_TIME: Final = {"type": "string", "format": "date-time"}
_ATTRIBUTES: Final[dict[str, dict[str, Any]]] = {
    "specversion": {"const": "1.0"},
    "id": {**_TEXT, "description": "unique within the source; the same id again is the same event again"},
    "type": _TYPE,
    "subject": {**_TEXT, "description": "the aggregate: request, idea, ballot"},
    "time": {**_TIME, "description": "when it happened; kept on the city's own clock"},
    "source": {**_TEXT, "description": "the key's own source (the default), or that and `:` or `/` and more"},
    "city": {**_TEXT, "description": "the key's own city (the default); another is refused"},
    "participant": {**_TEXT, "description": "pseudonym of the person, different in every city"},
    "correlationid": _TEXT,
    "causationid": _TEXT,
    "lang": {**_TEXT, "description": "BCP 47"},
    "origin": {"enum": ["live", "import", "backfill", "correction"], "default": "live"},
    "traceparent": _TEXT,
    "tracestate": _TEXT,
}
_REQUIRED: Final = ["specversion", "id", "type", "subject", "time"]
_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "required": [*_REQUIRED, "data"],
    "properties": {
        **_ATTRIBUTES,
        "datacontenttype": {"const": "application/json"},
        "data": {"type": "object", "description": "as the JSON Schema of the type says"},
    },
}
_EXAMPLE: Final = {
    "specversion": "1.0",
    "id": "01JQ8Z6W3E9T",
    "type": "org.citiesofservice.idea.supported.v1",
    "subject": "idea-42",
    "time": "2026-04-01T09:30:00-04:00",
    "participant": "p-7f3a9c51e2d84b60",
    "data": {"channel": "online"},
}
OPERATION: Final[dict[str, Any]] = {
    "security": [{"apiKey": []}],
    "parameters": [
        {
            "name": f"ce-{name}",
            "in": "header",
            "required": False,
            "schema": schema,
            "description": "binary mode" + (" (required there)" if name in _REQUIRED else ""),
        }
        for name, schema in _ATTRIBUTES.items()
    ],
    "requestBody": {
        "required": True,
        "content": {
            STRUCTURED: {"schema": _EVENT, "example": _EXAMPLE},
            BATCH: {
                "schema": {
                    "type": "array",
                    "items": _EVENT,
                    "minItems": 1,
                    "maxItems": MAX_BATCH_EVENTS,
                },
                "example": [_EXAMPLE],
            },
            "application/json": {"schema": _EVENT["properties"]["data"], "example": _EXAMPLE["data"]},
        },
    },
}
RESPONSES: Final = documented(400, 401, 403, 408, 413, 415, 422, 429, 503)
SECURITY_SCHEMES: Final = {
    "apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "th_<key id>_<secret>"},
}

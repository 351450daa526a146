"""A message made of its notice: words in the reader's language, times by the reader's clock."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from consumers.messages.texts import Written, write


class Letter(NamedTuple):
    """What a channel is given. `id` is the same at every attempt, so a receiver can tell a repeat."""

    id: str
    city: str
    recipient: str | None
    template: str
    to: str | None
    """The address, where the channel needs one."""
    written: Written


def compose(template: str, lang: str, zone: ZoneInfo, values: Mapping[str, Any]) -> Written:
    """The message; `values` are as a notice keeps them, with `city`, `title` and the links."""
    return write(template, lang, {name: _readable(name, text, lang, zone) for name, text in values.items()})


def _readable(name: str, text: Any, lang: str, zone: ZoneInfo) -> Any:
    if name.endswith("_at"):
        return format_datetime(
            datetime.fromisoformat(text), "EEEE, d MMMM, HH:mm", zone, locale=_locale(lang)
        )
    if name.endswith("_on"):
        return format_date(date.fromisoformat(text), "EEEE, d MMMM y", locale=_locale(lang))
    return text


def _locale(lang: str) -> str:
    return lang.replace("-", "_")

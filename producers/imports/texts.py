"""Cells as files have them, turned into texts and numbers that the contract takes."""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, Final

_NULLS: Final = frozenset({"", "unspecified", "0 unspecified", "n/a", "na", "null", "none", "-"})
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LETTERS: Final = str.maketrans(
    {"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ß": "ss", "æ": "ae", "Æ": "ae", "œ": "oe",
     "Œ": "oe", "ı": "i", "þ": "th", "Þ": "th", "ð": "d", "Ð": "d", "’": "", "'": ""}
)  # fmt: skip
_MONEY: Final = re.compile(r"-?\d+(\.\d+)?")
_MAX_MONEY: Final = Decimal(10) ** 15


def clean(value: Any) -> str:
    """The text of a cell, trimmed, without characters that JSON or a terminal cannot carry."""
    if value is None or isinstance(value, dict | list):
        return ""
    return _UNPRINTABLE.sub("", str(value)).strip()


def known(value: Any, limit: int) -> str | None:
    """The text of a cell, at most `limit` characters; None where it says that nothing is known."""
    text = clean(value)
    return None if text.casefold() in _NULLS else cut(text, limit)


def cut(text: str, limit: int) -> str:
    """The text, with `…` in place of what goes over `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def dashed(text: str) -> str:
    """Lower case, every run of other characters than a-z and 0-9 as one `-`, none at the ends."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def bounded(slug: str, limit: int) -> str:
    """A slug of at most `limit` characters; a longer one ends in a digest of the whole."""
    if len(slug) <= limit:
        return slug
    digest = sha256(slug.encode()).hexdigest()[:10]
    return f"{slug[: limit - 11].rstrip('-')}-{digest}"


def city_slug(name: str) -> str:
    """The short name of a city: `Kraków` is `krakow`. Empty where nothing of it can be written."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    marks_gone = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return bounded(dashed(marks_gone), 64)


def money(value: Any) -> str | None:
    """An amount as the contract writes it: `1 234,50` is `1234.50`. None where it is no amount >= 0.

    One comma or several dots before groups of three digits part thousands; one dot is a decimal point.
    """
    text = re.sub(r"[\s\u00a0\u202f'’_]", "", clean(value))
    text = _decimal_point(text)
    try:
        amount = Decimal(text) if _MONEY.fullmatch(text) or "e" in text.lower() else None
    except InvalidOperation:
        return None
    if amount is None or not amount.is_finite() or not 0 <= amount < _MAX_MONEY:
        return None
    amount = abs(amount)
    if amount == amount.to_integral_value():
        return str(int(amount))
    exponent = amount.as_tuple().exponent
    too_fine = isinstance(exponent, int) and exponent < -4
    return format(round(amount, 4) if too_fine else amount, "f")


def _decimal_point(text: str) -> str:
    dot, comma = text.rfind("."), text.rfind(",")
    if dot >= 0 and comma >= 0:
        return text.replace("," if dot > comma else ".", "").replace(",", ".")
    if comma >= 0:
        thousands = re.fullmatch(r"-?\d{1,3}(,\d{3})+", text)
        return text.replace(",", "" if thousands else ".")
    return text.replace(".", "") if text.count(".") > 1 else text


def whole(value: Any) -> int | None:
    """A whole number, also one written `3.0`; None where it is none."""
    found = re.fullmatch(r"([+-]?\d{1,12})(?:\.0*)?", clean(value))
    return int(found[1]) if found else None


def point(lat: Any, long: Any) -> tuple[float, float] | None:
    """Both coordinates in degrees, or None where one is missing, impossible, or both are zero."""
    try:
        north, east = float(clean(lat)), float(clean(long))
    except ValueError:
        return None
    inside = -90 <= north <= 90 and -180 <= east <= 180
    return (north, east) if inside and (north, east) != (0.0, 0.0) else None


def first(row: Mapping[str, Any], *names: str) -> str:
    """The first of these columns that says something, as text; empty where none does."""
    for name in names:
        text = clean(row.get(name))
        if text.casefold() not in _NULLS:
            return text
    return ""

"""How numbers, money and times read to people; pure."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from projections.metrics.families.volunteer_value import CURRENCIES


class Bar(NamedTuple):
    """One day of a chart: `x`, `y`, `width` and `height` in a box of 100 by 100."""

    day: str
    value: int
    x: float
    y: float
    width: float
    height: float


def number(value: float) -> str:
    """`12345` as `12,345`; at most one decimal."""
    text = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
    return text.removesuffix(".0")


def measured(value: str, unit: str) -> str:
    """A published number with its unit: `84.6` and `percent` as `84.6 %`, `5.50` and `usd` as `USD 5.50`."""
    if unit.upper() in CURRENCIES:
        return f"{unit.upper()} {Decimal(value):,}"
    said = {"percent": "%", "ratio": "to 1", "per_thousand": "per 1,000 residents"}.get(unit, unit)
    one = said.removesuffix("s") if value == "1" else said
    return f"{Decimal(value):,} {one.replace('_', ' ')}"


def plural(count: int, one: str, many: str) -> str:
    """`1 vote`, `2 votes`."""
    return f"{number(count)} {one if count == 1 else many}"


def scored(vote_type: str | None) -> bool:
    """Whether projects stand by points and not by the number of votes."""
    return vote_type in {"ordinal", "cumulative", "scoring"}


def ballots_give(vote_type: str | None, places: int) -> str:
    """What a ballot of this type gives; `places` are the points of a first place."""
    match vote_type:
        case "approval":
            return "Approval: a ballot gives one vote to each project it names"
        case "choose-1":
            return "Choose 1: a ballot gives one vote to one project"
        case "ordinal":
            first = plural(places, "point", "points")
            return f"Ordinal: a first place gives {first}, each place after it one less"
        case "cumulative":
            return "Cumulative: a ballot divides its points among projects"
        case "scoring":
            return "Scoring: a ballot gives points to each project it names"
    return "Not known"


def same(one: str, other: str | None) -> bool:
    """Whether two texts say the same to a reader: without regard to case, blanks and a last full stop."""
    return other is not None and _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return " ".join(text.casefold().split()).removesuffix(".")


def amount(value: str) -> int | float:
    """Decimal text as a JSON number: an int when whole."""
    exact = Decimal(value)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def decimal_text(thousandths: int) -> str:
    """A sum in thousandths as exact decimal text: `1850500` is `1850.5`."""
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03}".rstrip("0") if rest else str(whole)


def money(value: str | None, currency: str | None) -> str:
    """`249150.50` with `EUR` as `EUR 249,150.50`; cents only where there are any."""
    if value is None:
        return "not stated"
    exact = Decimal(value)
    text = f"{exact:,.0f}" if exact == exact.to_integral_value() else f"{exact:,.2f}"
    return f"{currency} {text}" if currency else text


def decimal(text: str) -> str:
    """Decimal text for people: `12214.5` as `12,214.5`."""
    whole, point, rest = text.partition(".")
    return f"{int(whole):,}{point}{rest}"


def units(text: str) -> str:
    """A unit for people: `sq_ft` as `sq ft`."""
    return text.replace("_", " ")


def sentence(text: str) -> str:
    """A reason that stands alone."""
    return f"{text[:1].upper()}{text[1:]}."


def words(code: str) -> str:
    """`awaiting_reporter` as `Awaiting reporter`."""
    text = code.replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


def time_tag(at: datetime | None, zone: ZoneInfo, *, clock: bool = True) -> Markup:
    """A `<time>` element in the city's own time."""
    if at is None:
        return Markup('<span class="quiet">no date</span>')
    local = at.astimezone(zone)
    text = f"{local.day} {local:%b %Y}" + (f", {local:%H:%M}" if clock else "")
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(), text)


def day(text: str, *, year: bool = False) -> Markup:
    """`2026-04-01` as a `<time>` element that reads `1 Apr`, or `1 Apr 2026`."""
    value = date.fromisoformat(text)
    told = f"{value.day} {value:%b %Y}" if year else f"{value.day} {value:%b}"
    return Markup('<time datetime="{}">{}</time>').format(text, told)


def month(text: str) -> str:
    """`2026-04` as `Apr 2026`."""
    return f"{date.fromisoformat(f'{text}-01'):%b %Y}"


def last_days(today: str, count: int) -> list[str]:
    """The `count` days that end with `today`, oldest first."""
    end = date.fromisoformat(today)
    return [(end - timedelta(days=back)).isoformat() for back in reversed(range(count))]


def bars(days: list[str], values: dict[str, int]) -> list[Bar]:
    """Columns for these days; the tallest is 100 high, and what is not zero can be seen."""
    most = max([values.get(one, 0) for one in days], default=0)
    step = 100 / len(days) if days else 0
    return [_bar(one, values.get(one, 0), most, place * step, step) for place, one in enumerate(days)]


def _bar(one: str, value: int, most: int, x: float, step: float) -> Bar:
    height = max(100 * value / most, 1.5) if value else 0
    return Bar(
        one, value, round(x + step * 0.12, 2), round(100 - height, 2), round(step * 0.76, 2), round(height, 2)
    )


def share(value: float, most: float) -> str:
    """The length of a horizontal bar, `62.5%`; empty when there is nothing or less."""
    return f"{max(0.0, min(100.0, 100 * value / most)):.2f}%" if most > 0 else "0%"


def coded(text: str) -> Markup:
    """A text of ours with its `names` as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def paragraphs(text: str) -> Markup:
    """A person's words: escaped, with their line breaks kept."""
    blocks = [block for block in text.split("\n") if block.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(block) for block in blocks) or escape(text)

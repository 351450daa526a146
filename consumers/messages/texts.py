"""The words of a message, in the first of some languages that has them: plain text, and the same as HTML.

A value that a text asks for and nobody gives is an error, never a gap in a sentence. In HTML every value is
escaped; in both, what looks like a line break in a subject is a space.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

FALLBACK: Final = "en"
LANGUAGES: Final = ("en", "es")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"']+")
_PAGE: Final = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{subject}</title></head>
<body style="font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 0 auto; padding: 1rem">
{paragraphs}
</body></html>
"""


class Written(NamedTuple):
    """A message as somebody reads it."""

    lang: str
    subject: str
    text: str
    html: str


def chain(*wished: str | None) -> list[str]:
    """The languages to try, in order: each tag, then what it is a variety of, then English."""
    tried: list[str] = []
    for tag in [*wished, FALLBACK]:
        parts = (tag or "").lower().split("-")
        tried += ["-".join(parts[:end]) for end in range(len(parts), 0, -1)]
    return [tag for tag in dict.fromkeys(tried) if tag]


def language(template: str, wished: Iterable[str]) -> str:
    """The first of these languages that has the words. Raises KeyError where none has, not even English."""
    for tag in wished:
        if tag in LANGUAGES and template in words(tag):
            return tag
    raise KeyError(f"no language has words for {template}")


def write(template: str, lang: str, values: Mapping[str, Any]) -> Written:
    """The message. Raises jinja2's UndefinedError for a value that is missing."""
    told = words(lang)[template]
    subject = " ".join(_text(told["subject"], values).split())
    body = _text(told["body"], values)
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", body) if part.strip()]
    marked = "\n".join(f"<p>{_linked(part)}</p>" for part in paragraphs)
    page = _PAGE.format(lang=lang, subject=escape(subject), paragraphs=marked)
    return Written(lang, subject, "\n\n".join(paragraphs) + "\n", page)


@cache
def words(lang: str) -> Mapping[str, Mapping[str, str]]:
    """All texts of a language, by template."""
    folder = resources.files("consumers.messages.languages").joinpath(lang)
    files = [
        tomllib.loads(file.read_text("utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")
    ]
    found = {name: text for file in files for name, text in file.items()}
    if len(found) < sum(map(len, files)):
        raise ValueError(f"a template has two texts in {lang}")
    return found


@cache
def _compiled(source: str) -> Any:
    # Autoescape is off: what comes out is plain text, and escaped as a whole where it becomes HTML.
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False).from_string(source)


def _text(source: str, values: Mapping[str, Any]) -> str:
    return str(_compiled(source).render(values))


def _linked(paragraph: str) -> Markup:
    """Escaped, with addresses that can be followed."""
    parts, last = [Markup()], 0
    for found in _ADDRESS.finditer(paragraph):
        parts += [escape(paragraph[last : found.start()]), _anchor(found.group())]
        last = found.end()
    return Markup("").join([*parts, escape(paragraph[last:])])


def _anchor(address: str) -> Markup:
    return Markup('<a href="{0}">{0}</a>').format(address)

"""Every message has its words in every language, and values come out as what they are."""

import re

import jinja2.meta
import pytest
from jinja2 import Environment, UndefinedError

from consumers.messages.templates import TEMPLATES
from consumers.messages.texts import LANGUAGES, chain, language, words, write

GIVEN = {
    "title": "Willows <b>&</b> more",
    "city": "Port Linden",
    "link": "https://town.example/ideas/1?a=b&c=d",
    "answer_link": "https://town.example/answer/1",
}


def asked(lang: str, template: str) -> set[str]:
    """The values that a text uses."""
    text = words(lang)[template]
    parsed = Environment(autoescape=True).parse(text["subject"] + text["body"])
    return jinja2.meta.find_undeclared_variables(parsed)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_template_has_its_words_and_nothing_else_has(lang: str) -> None:
    assert words(lang).keys() == TEMPLATES.keys()
    for text in words(lang).values():
        assert text.keys() == {"subject", "body"}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_text_uses_the_same_values_in_every_language(template: str, lang: str) -> None:
    assert asked(lang, template) == asked("en", template)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_every_text_can_be_written(template: str, lang: str) -> None:
    values = dict.fromkeys(asked(lang, template), "7") | GIVEN | {"items": [GIVEN | {"subject": "News"}]}
    written = write(template, lang, values)
    assert written.lang == lang
    assert "\n" not in written.subject
    assert written.text.endswith("\n")
    assert not re.search(r"{{|{%|\n{3}", written.text)
    assert f'lang="{lang}"' in written.html


def test_values_are_text_and_never_markup() -> None:
    written = write("idea_received", "en", GIVEN)
    assert "Willows <b>&</b> more" in written.text
    assert "<b>" not in written.html
    assert "Willows &lt;b&gt;&amp;&lt;/b&gt; more" in written.html
    assert '<a href="https://town.example/ideas/1?a=b&amp;c=d">' in written.html


def test_a_value_cannot_break_the_subject_or_the_template() -> None:
    written = write("idea_received", "en", GIVEN | {"title": "x\r\nBcc: all@example.org {{ 7 * 7 }}"})
    assert written.subject == "We received your idea “x Bcc: all@example.org {{ 7 * 7 }}”"


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        write("idea_answered", "en", GIVEN)


def test_languages_are_tried_from_the_closest_to_english() -> None:
    assert chain("es-MX", None, "fr", "es") == ["es-mx", "es", "fr", "en"]
    assert language("idea_received", chain("es-419")) == "es"
    assert language("idea_received", chain("vi", "zh-Hant")) == "en"
    with pytest.raises(KeyError):
        language("no_such_template", chain("en"))

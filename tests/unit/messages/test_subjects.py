"""Whatever a message is about has a title in a read model, and a page."""

import pytest

from consumers.messages.subjects import SUBJECTS, path
from consumers.messages.templates import TEMPLATES
from projections.core import DocumentView
from projections.registry import VIEWS


@pytest.mark.parametrize("kind", sorted({one.about for one in TEMPLATES.values()}))
def test_every_message_is_about_something_that_has_a_title(kind: str) -> None:
    view = VIEWS[SUBJECTS[kind].view]
    assert isinstance(view, DocumentView)
    assert SUBJECTS[kind].title in view.fields
    assert path(kind, "riverton", "x").startswith("/cities/riverton")

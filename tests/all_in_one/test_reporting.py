"""Somebody reports a problem on a page, gives no name, and is told until it is fixed."""

import re
import time
from collections.abc import Callable

import httpx2
import pytest

from tests.support.all_in_one import Town

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
SECONDS = 90.0


def form(town: Town, **given: str) -> dict[str, str]:
    """What a browser would send."""
    page = httpx2.get(f"{town.url}/cities/port-linden/report").text
    (hidden,) = re.findall(r'name="form" value="([0-9a-f]+)"', page)
    return {"form": hidden, "service": "pothole", "description": "A deep hole", **given}


def send(town: Town, fields: dict[str, str]) -> httpx2.Response:
    return httpx2.post(f"{town.url}/cities/port-linden/report", data=fields, timeout=20)


def messages(town: Town, where: str) -> list[str]:
    return re.findall(r'data-message="(\w+)"', httpx2.get(f"{town.url}{where}").text)


def until(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_report_is_received_taken_on_and_closed_and_whoever_sent_it_says_whether_it_is_fixed(
    town: Town,
) -> None:
    fields = form(town, place="Quay Street 4")
    first, second = send(town, fields), send(town, fields)
    assert (first.status_code, second.status_code) == (303, 303)
    where = first.headers["location"]
    assert second.headers["location"] == where, "pressed twice it is one report"
    until(lambda: "request_closed" in messages(town, where))
    assert messages(town, where) == ["request_received", "request_acknowledged", "request_closed"]
    page = httpx2.get(f"{town.url}{where}").text
    code = where.partition("code=")[2]
    assert code in page
    assert "Quay Street" not in page
    until(lambda: "Is it fixed?" in httpx2.get(f"{town.url}{where}").text)
    path = where.partition("?")[0]
    answer = httpx2.post(f"{town.url}{path}/answer", data={"code": code, "fixed": "no"}, timeout=20)
    assert answer.status_code == 303
    until(lambda: "request_reopened" in messages(town, where))


def test_a_wrong_code_shows_and_changes_nothing(town: Town) -> None:
    where = send(town, form(town)).headers["location"]
    path = where.partition("?")[0]
    for code in ("", "AAAAA-AAAAA"):
        assert httpx2.get(f"{town.url}{path}?code={code}").status_code == 403
        done = httpx2.post(f"{town.url}{path}/answer", data={"code": code, "fixed": "yes"})
        assert done.status_code == 403


def test_a_form_that_is_not_complete_comes_back_with_what_was_written(town: Town) -> None:
    answer = send(town, form(town, service="", description="<b>half</b> a report"))
    assert answer.status_code == 422
    assert "Nothing was sent yet. Choose what it is about." in answer.text
    assert "&lt;b&gt;half&lt;/b&gt; a report" in answer.text


def test_what_is_no_form_of_ours_is_refused(town: Town) -> None:
    address = f"{town.url}/cities/port-linden/report"
    assert httpx2.post(address, content=b"x" * 20_000).status_code == 413
    assert httpx2.post(address, content=b"\xff\xfe").status_code == 400
    assert httpx2.post(address, content=b"&".join([b"a=1"] * 50)).status_code == 400
    assert httpx2.post(address, data={"form": "'; drop"}).status_code == 422
    assert httpx2.get(f"{town.url}/cities/nowhere/report").status_code == 404

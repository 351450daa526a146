"""Signatures: what the library does with odd input, and that we give it none of that."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from consumers.webhooks import signing

NOW = datetime(2026, 4, 1, 13, 30, tzinfo=UTC)
BODY = '{"type":"idea.submitted","data":{"title":"Weiden am Ufer – ja"}}'.encode()


def only(secret: str) -> list[dict[str, Any]]:
    return [{"text": secret, "until": None}]


def test_a_secret_has_256_random_bits_in_plain_base64() -> None:
    made = {signing.new_secret() for _ in range(50)}
    assert len(made) == 50
    for secret in made:
        raw = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        assert len(raw) == 32
        assert secret == "whsec_" + base64.b64encode(raw).decode()


def test_the_library_takes_a_secret_with_and_without_its_prefix_for_the_same() -> None:
    secret = signing.new_secret()
    raw = base64.b64decode(secret.removeprefix("whsec_"))
    signed = {Webhook(one).sign("m", NOW, "x") for one in (secret, secret.removeprefix("whsec_"), raw)}
    assert len(signed) == 1


def test_the_library_drops_what_is_no_base64_so_a_secret_in_the_url_alphabet_would_be_another() -> None:
    plain, url = "+/+/" * 8, "-_-_" * 8
    assert Webhook(plain).sign("m", NOW, "x") != Webhook("AAAA" + url).sign("m", NOW, "x")
    with pytest.raises(Exception, match="empty"):
        Webhook(url)


def test_the_library_signs_the_words_of_bytes_so_it_is_given_text() -> None:
    hook = Webhook(signing.new_secret())
    as_bytes: Any = b"x"
    assert hook.sign("m", NOW, as_bytes) == hook.sign("m", NOW, "b'x'") != hook.sign("m", NOW, "x")


def test_the_library_takes_any_time_for_utc_so_it_is_given_utc() -> None:
    hook = Webhook(signing.new_secret())
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-4)))
    assert hook.sign("m", NOW, "x") == hook.sign("m", NOW.replace(tzinfo=None), "x")
    assert hook.sign("m", elsewhere, "x") != hook.sign("m", NOW, "x")


@pytest.mark.parametrize("hours", [-11, -4, 0, 5, 13])
def test_a_clock_with_any_offset_gives_headers_that_verify(hours: int) -> None:
    secret = signing.new_secret()
    now = datetime.now(timezone(timedelta(hours=hours)))
    headers = signing.headers(only(secret), "msg_1", now, BODY)
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 5
    assert Webhook(secret).verify(BODY, headers)["type"] == "idea.submitted"


def test_tampered_old_new_and_foreign_ones_are_refused() -> None:
    secret, now = signing.new_secret(), datetime.now(UTC)
    good = signing.headers(only(secret), "msg_1", now, BODY)

    def refused(body: bytes, headers: dict[str, str], by: str = secret) -> None:
        with pytest.raises(WebhookVerificationError):
            Webhook(by).verify(body, headers)

    refused(BODY + b" ", good)
    refused(BODY.replace(b"idea", b"Idea"), good)
    refused(BODY, {**good, "webhook-id": "msg_2"})
    refused(BODY, {**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)})
    refused(BODY, {**good, "webhook-signature": good["webhook-signature"][:-4] + "AAA="})
    refused(BODY, {**good, "webhook-signature": good["webhook-signature"].replace("v1,", "v2,")})
    refused(BODY, good, signing.new_secret())
    for seconds in (-301, 302):
        refused(BODY, signing.headers(only(secret), "msg_1", now + timedelta(seconds=seconds), BODY))
    Webhook(secret).verify(BODY, signing.headers(only(secret), "msg_1", now - timedelta(seconds=290), BODY))


def test_after_a_rotation_both_sign_for_a_day_and_then_the_new_one_alone() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    known = signing.rotated(only(old), new, NOW)
    for later, expected in ((0, [new, old]), (23.9, [new, old]), (24, [new])):
        now = NOW + timedelta(hours=later)
        headers = signing.headers(known, "m", now, BODY)
        signed = [Webhook(one).sign("m", now, BODY.decode()) for one in expected]
        assert headers["webhook-signature"].split(" ") == signed


def test_rotating_again_and_again_keeps_each_for_its_own_day_and_five_at_most() -> None:
    made = [signing.new_secret() for _ in range(8)]
    known: list[dict[str, Any]] = only(made[0])
    for hour, secret in enumerate(made[1:], start=1):
        known = signing.rotated(known, secret, NOW + timedelta(hours=hour))
    assert [one["text"] for one in known] == made[:2:-1]
    assert known[1]["until"] == NOW + timedelta(hours=7 + 24)
    assert known[2]["until"] == NOW + timedelta(hours=6 + 24)


def test_both_secrets_of_a_rotation_verify_by_the_library() -> None:
    old, new = signing.new_secret(), signing.new_secret()
    now = datetime.now(UTC)
    headers = signing.headers(signing.rotated(only(old), new, now), "m", now, BODY)
    check: Callable[[str], Any] = lambda secret: Webhook(secret).verify(BODY, headers)  # noqa: E731
    assert check(old) == check(new)

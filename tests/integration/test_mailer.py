"""People are told, once each, whichever process dies at whichever step: with a real mail server."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from standardwebhooks import Webhook

from consumers.messages.messengers import Messengers
from consumers.webhooks.addresses import networks
from events.envelope import Event
from infra.contacts import Contact, delete_contact, put_contact
from infra.failpoints import MESSAGE_STEPS
from tests.conftest import NewServers
from tests.support import build
from tests.support.build import ANN, BEN
from tests.support.builders.participants import consent
from tests.support.letters import NO_QUIET, Scene, at, opened
from tests.support.receivers import Handler, receiving

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(240)]
CAT = "cat-pseudonym-0003"
DORA = "dora-pseudonym-0004"
NAMES = {ANN: "ann@riverton.example", BEN: "ben@riverton.example", CAT: "cat@riverton.example"}


@pytest.fixture
async def scene(embedded_servers: NewServers, tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(embedded_servers(), tmp_path, NAMES) as found:
        yield found


@contextmanager
def crew(scene: Scene) -> Iterator[None]:
    """All but the mailer."""
    with scene.running("project"), scene.running("follow-up"), scene.running("relay"):
        yield


def idea(name: str) -> list[Event]:
    """Ann has an idea, Ben and Cat support it, the city accepts it."""
    submitted = build.submitted(name, title=f"A bench for {name}", at=at())
    return [
        submitted.model_copy(update={"participant": ANN}),
        build.supported(name, by=BEN, at=at()),
        build.supported(name, by=CAT, at=at()),
        build.answered(name, at=at()),
    ]


def step(event: Event) -> str:
    """As in `sent`."""
    return event.type.split(".")[3]


def told_of(name: str) -> Counter[tuple[str, str]]:
    title = f"A bench for {name}"
    return Counter(
        [
            (NAMES[ANN], f"We received your idea “{title}”"),
            (NAMES[ANN], f"Riverton has answered your idea “{title}”"),
            (NAMES[BEN], f"Riverton has answered “{title}”, an idea you support"),
            (NAMES[CAT], f"Riverton has answered “{title}”, an idea you support"),
        ]
    )


async def test_everybody_is_told_once_whichever_step_the_mailer_dies_at(scene: Scene) -> None:
    await scene.agree()
    expected = Counter[tuple[str, str]]()
    with crew(scene):
        for place in MESSAGE_STEPS:
            await scene.publish(*idea(place))
            expected += told_of(place)
            scene.dies("mailer", place)
        with scene.running("mailer"):
            await scene.until_told(expected)
            await scene.until_quiet()
    assert scene.mailbox.told() == expected
    log = await scene.told(2 * expected.total())
    assert Counter(step(event) for event in log) == {"queued": expected.total(), "sent": expected.total()}
    assert len({(step(event), getattr(event.data, "dedupe_key", "")) for event in log}) == len(log)
    letter = scene.mailbox.letters[0]
    assert letter["From"] == "city@riverton.example"
    assert letter.get_body(("plain",)) is not None
    assert letter.get_body(("html",)) is not None


async def test_what_somebody_took_back_is_obeyed_at_the_moment_of_sending(scene: Scene) -> None:
    """It was queued for the morning; in the night the consent ended, another left no address."""
    await scene.agree()
    asleep = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    start, end = (f"{moment:%H:%M}" for moment in asleep)
    for who, email in NAMES.items():
        await put_contact(scene.db, "riverton", who, Contact(email=email, quiet_from=start, quiet_to=end))
    with crew(scene), scene.running("mailer"):
        await scene.publish(*idea("night"))
        queued = {"status": "queued", "template": {"$ne": "idea_received"}}
        await scene.until_notices(queued, 3)
        await scene.publish(consent(ANN, granted=False, purpose="updates", at=at()))
        await delete_contact(scene.db, "riverton", BEN)
        never = Contact(email=NAMES[CAT], **NO_QUIET)
        await put_contact(scene.db, "riverton", CAT, never)
        await scene.db["notifications"].update_many(queued, {"$set": {"look_at": datetime.now(UTC)}})
        await scene.until_quiet()
    told = [subject for address, subject in scene.mailbox.told() if address == NAMES[CAT]]
    assert told == ["Riverton has answered “A bench for night”, an idea you support"]
    assert len(scene.mailbox.letters) == 2
    reasons = [getattr(event.data, "reason", None) for event in await scene.told(8)]
    assert Counter(reasons) == {None: 6, "no_consent": 1, "no_contact": 1}


async def test_a_citys_own_messenger_is_handed_signed_messages_whichever_step_the_mailer_dies_at(
    scene: Scene,
) -> None:
    """Ben has nothing else, Cat is reached there first, Ann by e-mail only, and Dora not at all."""
    scene.variables["TOWNHALL_WEBHOOK_NETWORKS"] = "127.0.0.0/8"
    await put_contact(scene.db, "riverton", BEN, Contact(messenger=True))
    await put_contact(scene.db, "riverton", CAT, Contact(messenger=True, email=NAMES[CAT], **NO_QUIET))
    await put_contact(scene.db, "riverton", DORA, Contact(messenger=True))
    await scene.db["contacts"].update_many({"messenger": True}, {"$set": NO_QUIET})
    await scene.agree()
    messengers = Messengers(scene.db, networks("127.0.0.0/8"))

    def answer(handler: Handler) -> None:
        handler.reply(422 if DORA.encode() in handler.server.receiver.got[-1].body else 204)

    with receiving(answer) as messenger, crew(scene):
        secret = await messengers.put("riverton", messenger.url)
        assert secret is not None
        assert await messengers.put("riverton", messenger.url) is None
        for place in ("before_send_message", "after_send_message"):
            *before, answered = idea(place)
            await scene.publish(*before, build.supported(place, by=DORA, at=at()), answered)
            scene.dies("mailer", place)
        with scene.running("mailer"):
            await scene.until_notices({"channel": "push", "status": {"$in": ["sent", "failed"]}}, 6)
            await scene.until_quiet()
    handed = {one.id: Webhook(secret).verify(one.body, dict(one.headers)) for one in messenger.got}
    whom = Counter((one["participant"], one["subject"]) for one in handed.values())
    assert whom == {
        (who, f"Riverton has answered “A bench for {place}”, an idea you support"): 1
        for who in (BEN, CAT, DORA)
        for place in ("before_send_message", "after_send_message")
    }
    assert {address for address, _ in scene.mailbox.told()} == {NAMES[ANN]}
    told = Counter((event.participant, step(event)) for event in await scene.told(20))
    assert (told[BEN, "sent"], told[CAT, "sent"], told[DORA, "failed"], told[DORA, "sent"]) == (2, 2, 2, 0)


async def test_whoever_is_reached_in_another_way_since_is_told_that_way(scene: Scene) -> None:
    """Both were queued for the morning, Ben by e-mail and Cat by the messenger; in the night it changed."""
    scene.variables["TOWNHALL_WEBHOOK_NETWORKS"] = "127.0.0.0/8"
    messengers = Messengers(scene.db, networks("127.0.0.0/8"))
    asleep = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    start, end = (f"{moment:%H:%M}" for moment in asleep)
    await put_contact(scene.db, "riverton", BEN, Contact(email=NAMES[BEN], quiet_from=start, quiet_to=end))
    await put_contact(scene.db, "riverton", CAT, Contact(messenger=True, quiet_from=start, quiet_to=end))
    await scene.agree()
    with receiving() as messenger, crew(scene), scene.running("mailer"):
        await messengers.put("riverton", messenger.url)
        await scene.publish(*idea("night"))
        queued = {"status": "queued", "recipient": {"$in": [BEN, CAT]}}
        await scene.until_notices(queued, 2)
        await put_contact(scene.db, "riverton", BEN, Contact(messenger=True))
        await put_contact(scene.db, "riverton", CAT, Contact(email=NAMES[CAT]))
        await scene.db["contacts"].update_many({}, {"$set": NO_QUIET})
        await scene.db["notifications"].update_many(queued, {"$set": {"look_at": datetime.now(UTC)}})
        await scene.until_quiet()
    assert [orjson.loads(one.body)["participant"] for one in messenger.got] == [BEN]
    assert {address for address, _ in scene.mailbox.told()} == {NAMES[ANN], NAMES[CAT]}
    sent = [event for event in await scene.told(8) if step(event) == "sent"]
    assert {(event.participant, getattr(event.data, "channel", "")) for event in sent} == {
        (ANN, "email"),
        (BEN, "push"),
        (CAT, "email"),
    }


async def test_an_address_that_is_refused_is_given_up_and_a_server_that_is_away_is_asked_again(
    scene: Scene,
) -> None:
    await scene.agree()
    busy = {"ann": True}

    def refuse(address: str) -> str | None:
        if address == NAMES[BEN]:
            return "550 no such mailbox"
        return "451 come again" if address == NAMES[ANN] and busy["ann"] else None

    scene.mailbox.refuse = refuse
    with crew(scene), scene.running("mailer"):
        await scene.publish(*idea("refused"))
        tried = {"status": "queued", "tries": 1, "look_at": {"$gt": datetime.now(UTC)}}
        await scene.until_notices(tried, 2)
        busy["ann"] = False
        await scene.db["notifications"].update_many(tried, {"$set": {"look_at": datetime.now(UTC)}})
        await scene.until_quiet()
    assert scene.mailbox.told() == told_of("refused") - Counter(
        [(NAMES[BEN], "Riverton has answered “A bench for refused”, an idea you support")]
    )
    names = Counter((step(event), event.participant) for event in await scene.told(10))
    assert names["failed", ANN] == 2
    assert names["sent", ANN] == 2
    assert names["failed", BEN] == 1
    assert names["sent", BEN] == 0

"""A real mail server that keeps what it is given, and refuses what a test asks it to."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


@dataclass
class Mailbox:
    """All letters that were taken, in the order in which they came."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    refuse: Callable[[str], str | None] = lambda _: None
    """What is answered to a letter for this address instead of taking it."""

    _by_id: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Read once: whoever waits for letters asks often, and headers are parsed each time."""

    async def handle_RCPT(  # noqa: N802 - the server's name for it
        self, _server: SMTP, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if (no := self.refuse(address)) is not None:
            return no
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self._by_id[letter["Message-ID"]] = letter["To"], letter["Subject"]
        return "250 OK"

    def told(self) -> Counter[tuple[str, str]]:
        """Who got which letters, by address and subject; a letter that came twice with one id is one."""
        return Counter(list(self._by_id.values()))


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Runs in a thread of its own, on a free port."""
    mailbox = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        mailbox.port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()

"""Ways to people. A channel takes a letter, or says why not and whether it is worth another try."""

import asyncio
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Protocol

import aiosmtplib
from structlog import get_logger

from consumers.messages.letters import Letter
from infra.settings import Settings

SECONDS = 30
"""For one exchange with a mail server."""
_log = get_logger(__name__)


class NotTaken(Exception):
    """The channel did not take the letter. `why` is a permanent name; `final`: no try will help.

    `untried`: it was not asked, and may be after this time.
    """

    def __init__(self, why: str, *, final: bool = False, untried: timedelta | None = None) -> None:
        self.why = why
        self.final = final
        self.untried = untried
        super().__init__(why)


class Channel(Protocol):
    """One way."""

    at_a_time: int
    """Letters handed over before it is kept that they were: so many may be repeated after a crash."""

    async def send(self, letter: Letter) -> None:
        """Hand it over, while others are handed over too. Raises NotTaken."""

    async def close(self) -> None:
        """Let go of connections."""


class OnOurPages:
    """Nothing leaves: it is read on our pages. The log says that it is there."""

    at_a_time = 200

    async def send(self, letter: Letter) -> None:
        """It can be read from now on."""
        _log.info(
            "message", city=letter.city, template=letter.template, lang=letter.written.lang, id=letter.id
        )

    async def close(self) -> None:
        """Nothing was opened."""


class Mail:
    """E-mail over one connection that is opened when it is needed."""

    at_a_time = 10

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: aiosmtplib.SMTP | None = None
        self._one = asyncio.Lock()

    async def send(self, letter: Letter) -> None:
        """Hand it to the mail server."""
        if letter.to is None:
            raise NotTaken("no_address", final=True)
        async with self._one:
            await self._send(letter)

    async def _send(self, letter: Letter) -> None:
        try:
            client = await self._connected()
            await client.send_message(_message(letter, self._settings.mail_from))
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            raise NotTaken("address_refused", final=all(code >= 500 for code in codes)) from error
        except aiosmtplib.SMTPResponseException as error:
            await self.close()
            raise NotTaken("mail_refused", final=error.code >= 500) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            await self.close()
            raise NotTaken("mail_server_away") from error

    async def close(self) -> None:
        """Leave the mail server."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is None or not self._client.is_connected:
            settings = self._settings
            password = settings.smtp_password
            client = aiosmtplib.SMTP(
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username,
                password=password.get_secret_value() if password else None,
                use_tls=settings.smtp_security == "tls",
                start_tls=settings.smtp_security == "starttls",
                timeout=SECONDS,
            )
            await client.connect()
            self._client = client
        return self._client


def _message(letter: Letter, sender: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.written.subject
    message["Message-ID"] = f"<{letter.id}@{sender.partition('@')[2]}>"
    message["Content-Language"] = letter.written.lang
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.written.text)
    message.add_alternative(letter.written.html, subtype="html")
    return message

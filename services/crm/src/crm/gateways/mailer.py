"""Sending mail: into a folder, or by SMTP."""

import asyncio
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A mail to one person."""

    id: str
    to: str
    subject: str
    body: str


class Mailer(Protocol):
    """Hands a mail over, at least once; raises when that is not certain."""

    async def send(self, message: Message) -> None:
        """Send it."""
        ...


def _compose(message: Message, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = message.to
    mail["Subject"] = message.subject
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail.set_content(message.body)
    return mail


class FolderMailer:
    """Writes each mail as an .eml file, for development."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, message: Message) -> None:
        """Write the file; sending it again writes the same one."""
        content = _compose(message, self._sender).as_bytes()
        await asyncio.to_thread(self._write, message.id, content)

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        _ = (self._folder / f"{name}.eml").write_bytes(content)


class SmtpMailer:
    """Sends by a server, with STARTTLS."""

    def __init__(
        self, host: str, port: int, *, sender: str, user: str | None, password: str | None
    ) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._user = user
        self._password = password

    async def send(self, message: Message) -> None:
        """Send it; raises `smtplib.SMTPException` or `OSError`."""
        await asyncio.to_thread(self._send, _compose(message, self._sender))

    def _send(self, mail: EmailMessage) -> None:
        with smtplib.SMTP(self._host, self._port, timeout=20) as server:
            _ = server.ehlo()
            if server.has_extn("starttls"):
                _ = server.starttls()
            if self._user and self._password:
                _ = server.login(self._user, self._password)
            _ = server.send_message(mail)

"""The SMTP server mail comes in at: takes what is addressed to an integration, a heartbeat or a room above, no more.

It says 250 only once the mail is durable; 451 while the database is away, so that the sender's server tries again.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import DatabaseError, InterfaceError, close_old_connections

from alerts.actions import mail
from core.errors import TooMany

log = structlog.get_logger("watchbill.mail")
T = TypeVar("T")

MAX_SIZE = 512 * 1024
MAX_LINE = 64 * 1024
MAX_RECIPIENTS = 20
MAX_CONNECTIONS = 50
MAX_OF_ADDRESS = 10
# Between two commands, and of a connection as a whole.
IDLE_SECONDS, LONGEST_SECONDS = 60, 300
COMMANDS = 100
_AWAY = "451 4.3.0 Not at the moment, try again later"
# A port that is taken is tried again after so long.
AGAIN_SECONDS = 60


class Handler:
    """What aiosmtpd asks. The database is asked in threads."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    async def _ask(self, work: Callable[[], T]) -> T:
        def run() -> T:
            close_old_connections()
            try:
                return work()
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """250 for an address there is, 550 for every other: nothing is relayed."""
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            known = await self._ask(lambda: mail.is_known(address))
        except (DatabaseError, InterfaceError) as error:
            log.warning("the database is not answering", error=str(error))
            return _AWAY
        if not known:
            return "550 5.1.1 There is no such address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Known"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """250 when it is durable."""
        content = envelope.content or b""
        data = content.encode() if isinstance(content, str) else bytes(content)
        sender = str(envelope.mail_from or "")
        recipients = [str(each) for each in envelope.rcpt_tos]
        try:
            await self._ask(lambda: mail.take_in(data=data, sender=sender, recipients=recipients))
        except TooMany:
            return "451 4.7.1 Too many mails to this address, try again later"
        except (DatabaseError, InterfaceError) as error:
            log.warning("the database is not answering", error=str(error))
            return _AWAY
        return "250 2.0.0 Kept"

    async def handle_exception(self, error: Exception) -> str:
        """Whatever it is, the sender keeps the mail."""
        log.error("a mail could not be taken in", error=repr(error))
        return _AWAY


class _Connection(SMTP):
    """One connection, within the limits of all."""

    line_length_limit = MAX_LINE

    def __init__(self, box: Mailbox) -> None:
        super().__init__(
            box.handler,
            data_size_limit=MAX_SIZE,
            enable_SMTPUTF8=True,
            hostname=box.hostname,
            ident="Watchbill",
            timeout=IDLE_SECONDS,
            command_call_limit=COMMANDS,
        )
        self._box, self._peer = box, ""
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        super().connection_made(transport)
        self._box.open[self._peer] += 1
        line: Any = transport
        self._end = self.loop.call_later(LONGEST_SECONDS, line.close)
        if self._box.open.total() > MAX_CONNECTIONS or self._box.open[self._peer] > MAX_OF_ADDRESS:
            line.write(b"421 4.7.0 Too many connections, try again later\r\n")
            line.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._box.open[self._peer] -= 1
        if self._box.open[self._peer] <= 0:
            del self._box.open[self._peer]
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(error)


class Mailbox:
    """The server of one process; `hostname` is what it calls itself."""

    def __init__(self, hostname: str) -> None:
        self.hostname = hostname
        self.open: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="mail")
        self.handler = Handler(self._pool)

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Accept connections from now on; `OSError` when the port cannot be had."""
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        return await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), host, port, family=socket.AF_UNSPEC
        )

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


async def serve(hostname: str, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve until `stop`. A port that is taken is said once and tried again, as nothing else hangs on it."""
    box, server, said = Mailbox(hostname), None, False
    while server is None and not stop.is_set():
        try:
            server = await box.listen(host, port)
        except OSError as error:
            if not said:
                log.warning("mail is not taken in: the port cannot be had", port=port, error=error.strerror)
                said = True
            await _either(stop, AGAIN_SECONDS)
    await stop.wait()
    if server is not None:
        server.close()
        await server.wait_closed()
    box.close()


async def _either(stop: asyncio.Event, seconds: float) -> Any:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
